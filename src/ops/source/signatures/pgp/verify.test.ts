import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyDetached } from "./verify.ts";

const folder = mkdtempSync(join(tmpdir(), "cooper-pgp-"));
const file = join(folder, "file");
const content = () => [Buffer.from("what is signed")];
const home = join(folder, "gpg");
const gpg = (...args: string[]) =>
  execFileSync(
    "gpg",
    ["--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", ...args],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
const hasGpg = (() => {
  try {
    execFileSync("gpg", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

beforeAll(() => {
  writeFileSync(file, "what is signed");
  execFileSync("mkdir", ["-m", "700", home]);
});
afterAll(() => {
  if (hasGpg) execFileSync("gpgconf", ["--homedir", home, "--kill", "all"], { stdio: "ignore" });
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!hasGpg)("a detached signature by gpg", () => {
  const sign = (user: string, ...options: string[]) =>
    gpg("--armor", "--local-user", user, ...options, "--output", "-", "--detach-sign", file);
  const publicKey = (user: string) => gpg("--armor", "--export", user);

  test.each(["rsa2048", "ed25519", "nistp256", "nistp521"])(
    "with %s is good for its key, also one of several, and for no other",
    async (kind) => {
      gpg("--quick-generate-key", `${kind}@a.example`, kind, "sign", "never");
      gpg("--quick-generate-key", `${kind}@b.example`, kind, "sign", "never");
      const [a, b] = [publicKey(`${kind}@a.example`), publicKey(`${kind}@b.example`)];
      const signature = sign(`${kind}@a.example`);
      await verifyDetached(content, signature, a);
      await verifyDetached(content, signature, `${b}\n${a}`);
      await expect(verifyDetached(content, signature, b)).rejects.toThrow(
        /^signature by [0-9A-F]{16}: openpgp: signature made by unknown entity$/,
      );
      await expect(verifyDetached(() => [Buffer.from("what is not")], signature, a)).rejects.toThrow(
        "invalid signature",
      );
    },
  );

  test("by a subkey is good when the primary key vouches for it", async () => {
    gpg("--quick-generate-key", "c.example", "rsa2048", "cert", "never");
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(gpg("--list-keys", "--with-colons", "c.example"))?.[1] ?? "";
    gpg("--quick-add-key", fingerprint, "rsa2048", "sign", "never");
    await verifyDetached(content, sign("c.example"), publicKey("c.example"));
  });

  test("with a weak hash is refused", async () => {
    gpg("--quick-generate-key", "d.example", "rsa2048", "sign", "never");
    const weak = sign("d.example", "--digest-algo", "SHA1");
    await expect(verifyDetached(content, weak, publicKey("d.example"))).rejects.toThrow("rejecting weak/unknown hash");
  });
});

test.each([
  ["", "no armored data"],
  ["-----BEGIN PGP SIGNATURE-----\n\n!!!\n-----END PGP SIGNATURE-----", "invalid armored data"],
  ["-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----", "ends early"],
  ["-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----", "invalid OpenPGP packet"],
])("nonsense is refused: %j", async (text, message) => {
  await expect(verifyDetached(content, text, "")).rejects.toThrow(message);
});
