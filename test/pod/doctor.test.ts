/** `cooper doctor` in each kind of pod. */
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Report } from "../../src/doctor/index.ts";
import { bundled } from "../support/bundle.ts";
import { startRegistry } from "../support/registry.ts";
import { type Rights, type RightsOptions, RightsRoom } from "../support/rights.ts";

const doctor = (...args: readonly string[]) => ["node", bundled("cooper"), "doctor", ...args];

async function report(room: RightsRoom, args: readonly string[] = [], options: RightsOptions = {}) {
  const { code, stdout, stderr } = await room.run(doctor("--json", ...args), options);
  if (stdout === "") throw new Error(stderr);
  const told = JSON.parse(stdout) as Report;
  const check = (id: string) => told.checks.find((one) => one.id === id);
  return { code, told, check };
}

test.for([
  ["privileged", "oci", undefined],
  ["rootless", "rootless", "oci"],
  ["baseline", "chroot", "rootless"],
  ["restricted", "no-exec", "chroot"],
] as [Rights, string, string | undefined][])(
  "%s: isolation %s, and the pod's lines for %s",
  async ([rights, isolation, next]) => {
    using room = new RightsRoom(rights);
    const { code, told, check } = await report(room, ["--root", join(room.folder, "work/root")]);
    expect(code).toBe(0);
    expect(told).toMatchObject({ schema: 1, canBuild: true, isolation });
    expect(told.next?.name).toBe(next);
    expect(told.checks.filter(({ verdict }) => verdict === "problem")).toEqual([]);
    expect(check("working-directory")?.verdict).toBe("ok");
    expect(new Set(told.checks.map(({ id }) => id)).size).toBe(told.checks.length);
    for (const { works, lacks, podSpec } of told.rungs) {
      expect(lacks.length === 0).toBe(works);
      expect(podSpec[0]).toBe("securityContext:");
    }
  },
);

test("as text, with what is missing and the lines that give it", async () => {
  using room = new RightsRoom("restricted");
  const { stdout } = await room.run(doctor());
  expect(stdout).toMatch(/^ok {4}user +uid 1000, gid 1000$/m);
  expect(stdout).toMatch(/ {2}no {2}chroot\n {6}missing: capability CAP_SYS_CHROOT\n/);
  expect(stdout).toContain(
    "builds work here, with isolation no-exec\nfor isolation chroot a pod's container says:\n\n  securityContext:\n    runAsUser: 0\n",
  );
});

test("nowhere to keep anything: exit code 1, and what to do", async () => {
  using room = new RightsRoom("restricted");
  const { code, told, check } = await report(room, [], { env: { HOME: "/usr" } });
  expect(code).toBe(1);
  expect(told.canBuild).toBe(false);
  expect(check("root")).toMatchObject({ verdict: "problem", hint: expect.stringContaining("--root") });
  expect(check("home")?.verdict).toBe("note");
  const other = await report(room, ["--root", "/usr/root"]);
  expect(other).toMatchObject({ code: 1 });
  expect(other.check("root")?.found).toBe("/usr/root cannot be written");
});

test("a checkout of somebody else's", async () => {
  using room = new RightsRoom("restricted");
  const checkout = join(room.folder, "checkout");
  mkdirSync(join(checkout, ".git"), { recursive: true });
  const { check } = await report(room, [], { cwd: checkout });
  expect(check("checkout")).toMatchObject({
    verdict: "warning",
    hint: expect.stringContaining("runAsUser: 1000 in the pod's"),
  });
  expect(check("working-directory")?.verdict).toBe("warning");
  chownSync(checkout, 1000, 1000);
  expect((await report(room, [], { cwd: checkout })).check("checkout")?.verdict).toBe("ok");
});

test("a registry: that it answers, and which login is there", async () => {
  await using registry = await startRegistry();
  using room = new RightsRoom("restricted");
  const login = { auths: { [registry.host]: { auth: Buffer.from("me:secret").toString("base64") } } };
  writeFileSync(join(room.folder, "work/config.json"), JSON.stringify(login));
  const asked = ["--registry", `${registry.host}/library/busybox`, "--registry-insecure"];
  const { check, told } = await report(room, asked, { env: { DOCKER_CONFIG: join(room.folder, "work") } });
  expect(check("credentials")).toMatchObject({ verdict: "ok", found: `user "me" for ${registry.host}` });
  expect(check("registry")).toMatchObject({
    verdict: "ok",
    found: expect.stringContaining("library/busybox is there"),
  });
  expect(JSON.stringify(told)).not.toContain("secret");
  const host = await report(room, ["--registry", registry.host, "--registry-insecure"]);
  expect(host.check("registry")).toMatchObject({ verdict: "ok", found: expect.stringContaining("answers") });
  expect(host.check("credentials")?.verdict).toBe("note");
  const nobody = await report(room, ["--registry", "127.0.0.1:1/a/b", "--registry-insecure"]);
  expect(nobody.check("registry")?.verdict).toBe("warning");
});
