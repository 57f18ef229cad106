/** The ladder of isolation where rights are missing or only half granted. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PodLab } from "../support/pod-lab.ts";
import { startRegistry, type TestRegistry } from "../support/registry.ts";
import type { Rights, Surroundings } from "../support/rights.ts";

interface Pod {
  readonly rights: Rights;
  readonly rung: string;
  readonly options?: Surroundings;
  readonly flags?: string;
}

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

describe("in a pod without rights", () => {
  test("all but RUN is built; RUN fails with its line and the pod settings that would do", async () => {
    using lab = new PodLab("restricted", registry);
    lab.write({ Dockerfile: "FROM busybox\nCOPY --chown=1:2 a /a\nENV A=b\nWORKDIR /w\n", a: "A" });
    const built = await lab.build();
    expect(built.log).toContain("#1 [internal] isolation: no-exec\n");
    expect(built.log).toMatch(/not rootless: unshare: .*Operation not permitted/);
    expect(built.tree).toContainEqual(expect.stringMatching(/^-rw-r--r-- 1\/2 +1 a$/));
    lab.write({ Dockerfile: "FROM busybox\nRUN true\n" });
    const refused = await lab.build();
    expect(refused.code).toBe(1);
    expect(refused.log).toContain(
      'process "/bin/sh -c true" did not complete successfully: cannot run a process: isolation "no-exec"',
    );
    expect(refused.log).toMatch(/hint: .*SYS_CHROOT.*runAsUser: 0.*seccompProfile.type: Unconfined.*privileged: true/);
    expect(refused.log).toContain(">>> RUN true");
  });

  test("a way that was asked for and cannot work fails at once", async () => {
    using lab = new PodLab("restricted", registry);
    const asked: Readonly<Record<string, RegExp>> = {
      oci: /cannot use isolation "oci": this process has no CAP_SYS_ADMIN\nhint: .*privileged: true/,
      rootless: /cannot use isolation "rootless": .*not permitted\nhint: .*Unconfined/,
      chroot: /cannot use isolation "chroot": this process has no CAP_SYS_CHROOT, .*\nhint: .*runAsUser: 0/,
      jail: /unknown isolation "jail"\nhint: wanted auto, oci, rootless, chroot or no-exec/,
    };
    for (const [name, sentence] of Object.entries(asked)) {
      const { code, log } = await lab.build([], `--isolation=${name}`);
      expect(log).toMatch(sentence);
      expect(code).toBe(1);
    }
    const byVariable = await lab.build([], "", { env: { COOPER_ISOLATION: "oci" } });
    expect(byVariable.log).toContain('cannot use isolation "oci"');
    const byOption = await lab.build(["--isolation", "oci"], "--isolation=no-exec");
    expect(byOption.log).toContain('cannot use isolation "oci"');
  });
});

describe("half a right", () => {
  const build = async (pod: Pod, text = "FROM busybox\nRUN id -u > /id\n", extra: readonly string[] = []) => {
    using lab = new PodLab(pod.rights, registry, pod.options).write({ Dockerfile: text });
    const { code, log } = await lab.build(extra, pod.flags);
    return { code, log, left: lab.leftovers() };
  };

  test("one id only, for want of subordinate ids: root's steps run, another user is refused with the fix", async () => {
    const pod: Pod = { rights: "rootless", rung: "rootless", options: { subordinateIds: false } };
    const one = await build(pod, "FROM busybox\nCOPY --chown=3:4 Dockerfile /d\nRUN id -u > /id && rm /bin/vi\n");
    expect(one).toMatchObject({ code: 0, left: "" });
    expect(one.log).toContain("one user id only: no subordinate ids for user in /etc/subuid");
    const other = await build(pod, "FROM busybox\nUSER 12\nRUN true\n");
    expect(other.code).toBe(1);
    expect(other.log).toMatch(
      /cannot run the step as user 12:0: isolation "rootless" has no such id here\nhint: .*subuid/,
    );
  });

  test("newuidmap without its right: one id only", async () => {
    const { code, log } = await build({ rights: "rootless", rung: "rootless", options: { idMappers: "set-user-id" } });
    expect(log).toContain("one user id only: newuidmap: write to uid_map failed: Operation not permitted");
    expect(code).toBe(0);
  });

  test.each([
    ["mounts refused", { refuse: { mount: 1, fsmount: 1, move_mount: 1 } }, /not rootless: .*[Pp]ermi/],
    ["user namespaces used up", { refuse: { unshare: 28 } }, /not rootless: .*No space left/],
    ["a filter that kills", { kill: ["unshare"] }, /not rootless: unshare: killed by the seccomp filter \(SIGSYS\)/],
    ["no program unshare", { instead: { "/usr/bin/unshare": "/etc/passwd" } }, /not rootless: .*unshare/],
  ] as const)("uid 1000 with %s: no-exec, with the reason", async (_, options, reason) => {
    const { code, log } = await build({ rights: "rootless", rung: "no-exec", options }, "FROM busybox\nENV A=b\n");
    expect(log).toMatch(reason);
    expect(log).toContain("isolation: no-exec\n");
    expect(code).toBe(0);
  });

  test.each([
    ["mounts refused", { refuse: { mount: 13, fsmount: 13, move_mount: 13 } }, /not oci: .*[Pp]ermi/],
    ["namespaces refused", { refuse: { unshare: 1, clone3: 38 } }, /not oci: .*not permitted/],
    ["a filter that kills", { kill: ["unshare"] }, /not oci: unshare: killed by the seccomp filter \(SIGSYS\)/],
  ] as const)("privileged, but %s: chroot, with the reason", async (_, options, reason) => {
    const { code, log, left } = await build({ rights: "privileged", rung: "chroot", options });
    expect(log).toMatch(reason);
    expect(log).toContain("isolation: chroot\n");
    expect({ code, left }).toEqual({ code: 0, left: "" });
  });

  test("privileged, but without a runtime: chroot; a runtime that was named is missed", async () => {
    const options = { instead: { "/usr/sbin/runc": "/etc/passwd", "/usr/bin/crun": "/etc/passwd" } };
    const pod: Pod = { rights: "privileged", rung: "chroot", options };
    const { code, log, left } = await build(pod);
    expect(log).toContain("not oci: neither runc nor crun is installed");
    expect({ code, left }).toEqual({ code: 0, left: "" });
    const named = await build({ ...pod, flags: "--oci-worker-binary=/usr/sbin/nothing" });
    expect(named.log).toContain("failed to find /usr/sbin/nothing binary");
  });

  test("chroot with a TMPDIR that programs may not be started in, and steps that need a namespace", async () => {
    const options = { noexecTmp: true, env: { TMPDIR: "/tmp" } };
    expect(await build({ rights: "baseline", rung: "chroot", options })).toMatchObject({ code: 0, left: "" });
    const alone = await build({ rights: "baseline", rung: "chroot" }, "FROM busybox\nRUN --network=none true\n");
    expect(alone.log).toMatch(/without network: no network namespace can be made here: .*\nhint: .*privileged/);
  });
});
