import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { field } from "./fields.ts";
import { verifySsh } from "./verify.ts";

const fixture = (name: string) => readFileSync(join(import.meta.dirname, "../fixtures", name), "utf8");
const data = Buffer.from("what is signed\n");

describe.each(["ed25519", "rsa", "ecdsa"])("a signature by ssh-keygen with a key of kind %s", (kind) => {
  const [signature, key] = [fixture(`ssh-${kind}.sig`), fixture(`ssh-${kind}.pub`)];

  test("is good for its key, wherever that stands in its line", () => {
    verifySsh(data, signature, key, "git");
    verifySsh(data, signature, `# Bob\n\nno-pty,command="true" ${key}`, "git");
  });

  test("is of that data only, and for one namespace", () => {
    const other = Buffer.from("what is not");
    expect(() => verifySsh(other, signature, key, "git")).toThrow(
      "failed to verify ssh signature: ssh: signature did not verify",
    );
    expect(() => verifySsh(data, signature, key, "file")).toThrow('unexpected SSH signature namespace: "git"');
  });
});

test("another's signature, or one for another purpose, is refused", () => {
  const [signature, key] = [fixture("ssh-rsa.sig"), fixture("ssh-ed25519.pub")];
  expect(() => verifySsh(data, signature, key, "git")).toThrow("public key does not match");
  expect(() => verifySsh(data, fixture("ssh-other-namespace.sig"), key, "git")).toThrow(
    'unexpected SSH signature namespace: "file"',
  );
});

test("a signature of a hardware key is over its application, flags and counter", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const type = Buffer.from("sk-ssh-ed25519@openssh.com");
  const application = Buffer.from("ssh:");
  const point = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const blob = Buffer.concat([type, point, application].map(field));
  const hashed = (name: string, bytes: Uint8Array) => createHash(name).update(bytes).digest();
  const fields = [Buffer.from("git"), Buffer.alloc(0), Buffer.from("sha512"), hashed("sha512", data)];
  const message = Buffer.concat([Buffer.from("SSHSIG"), ...fields.map(field)]);
  const device = Buffer.from([1, 0, 0, 0, 7]);
  const signed = Buffer.concat([hashed("sha256", application), device, hashed("sha256", message)]);
  const armored = (extra: Buffer) => {
    const value = Buffer.concat([field(type), field(sign(null, signed, privateKey)), extra]);
    const version = Buffer.from([0, 0, 0, 1]);
    const rest = [blob, Buffer.from("git"), Buffer.alloc(0), Buffer.from("sha512"), value];
    const body = Buffer.concat([Buffer.from("SSHSIG"), version, ...rest.map(field)]);
    return `-----BEGIN SSH SIGNATURE-----\n${body.toString("base64")}\n-----END SSH SIGNATURE-----`;
  };
  const key = `${type.toString()} ${blob.toString("base64")} hardware`;
  verifySsh(data, armored(device), key, "git");
  expect(() => verifySsh(data, armored(Buffer.from([0, 0, 0, 0, 7])), key, "git")).toThrow("did not verify");
});

test.each([
  ["nonsense", "failed to decode ssh signature PEM block"],
  [
    "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----",
    "failed to parse ssh signature: ssh: short read",
  ],
  ["-----BEGIN SSH SIGNATURE-----\nWFhYWFhYAAAA\n-----END SSH SIGNATURE-----", "invalid magic header"],
])("nonsense is refused: %j", (armored, message) => {
  expect(() => verifySsh(data, armored, fixture("ssh-rsa.pub"), "git")).toThrow(message);
});

test.each(["", "ssh-ed25519", "-----BEGIN PGP PUBLIC KEY BLOCK-----", "ssh-rsa QUFBQUFBQUFBQUFBQUFBQQ=="])(
  "what is no key is refused: %j",
  (key) => {
    expect(() => verifySsh(data, fixture("ssh-rsa.sig"), key, "git")).toThrow(
      "failed to parse ssh public key: ssh: no key found",
    );
  },
);
