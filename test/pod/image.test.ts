/** Cooper's own image, built by Cooper, in the four kinds of pod. */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { imageTimeout, kindsOfPod, Podman } from "../support/podman.ts";
import type { Rights } from "../support/rights.ts";

const work = mkdtempSync(join(tmpdir(), "cooper-image-"));
let podman: Podman;
let size = 0;

beforeAll(() => {
  podman = new Podman();
  size = podman.loadCooper();
  writeContext();
}, imageTimeout);
afterAll(() => {
  podman?.[Symbol.dispose]();
  rmSync(work, { recursive: true, force: true });
});

function writeContext(): void {
  const context = join(work, "context");
  mkdirSync(context);
  copyFileSync("/usr/bin/busybox", join(context, "busybox"));
  const files = {
    Dockerfile: `FROM scratch AS base
COPY --chmod=755 busybox /bin/busybox
FROM base AS run
RUN ["/bin/busybox", "sh", "-c", "echo made by $(/bin/busybox id -u) > /made"]
FROM scratch AS plain
COPY --chown=7:8 Dockerfile /file
FROM scratch
COPY --from=run /made /
`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(context, name), text);
  chmodSync(work, 0o755);
  execFileSync("chmod", ["-R", "a+rX", context]);
}

const build = (args: string) =>
  `cd /context; buildctl-daemonless.sh build --progress=plain --frontend dockerfile.v0 --local context=. --local dockerfile=. ${args}`;
const inPod = (rights: Rights, script: string) =>
  podman.run({
    ...{ image: "cooper", rights: kindsOfPod[rights], command: ["/bin/sh", "-ec", script] },
    mounts: { "/context:ro": join(work, "context") },
  });

const rungs = { privileged: "oci", rootless: "rootless", baseline: "chroot", restricted: "no-exec" } as const;

test("it is small, and has all commands, git and a shell", async () => {
  expect(size).toBeLessThan(90_000_000);
  const script =
    "for c in buildctl buildctl-daemonless.sh buildkitd; do $c --version; done; git --version; runc --version; id; pwd";
  const { code, stdout } = await inPod("privileged", script);
  expect(code).toBe(0);
  expect(stdout).toMatch(/buildctl .*\n.*\nbuildkitd .*\ngit version .*\nrunc version/s);
  expect((await inPod("restricted", 'id -un; ls -d "$HOME/.local/share/buildkit"')).stdout).toBe(
    "user\n/home/user/.local/share/buildkit\n",
  );
});

test.for(Object.entries(rungs) as [Rights, string][])("%s: builds with isolation %s", async ([rights, isolation]) => {
  const plain = await inPod(
    rights,
    `${build("--opt target=plain --output type=tar,dest=/tmp/out.tar")}; tar -tvf /tmp/out.tar`,
  );
  expect(plain).toMatchObject({ code: 0 });
  expect(plain.stdout).toMatch(/7\/8 .* file/);
  if (rights !== "privileged") expect(plain.stderr).toContain(`isolation: ${isolation}`);
  const run = await inPod(rights, `${build("--output type=local,dest=/tmp/out")}; cat /tmp/out/made`);
  if (rights === "restricted") {
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/cannot run a process: isolation "no-exec"[\s\S]*securityContext/);
  } else expect(run).toMatchObject({ code: 0, stdout: "made by 0\n" });
});

test.for(Object.keys(rungs) as Rights[])(
  "%s: nothing can be written but a volume for the storage root",
  async (rights) => {
    const volume = mkdtempSync(join(work, "volume-"));
    chmodSync(volume, 0o777);
    const target = rights === "restricted" ? "plain" : "run";
    const { code, stderr } = await podman.run({
      ...{ image: "cooper", rights: { ...kindsOfPod[rights], readOnly: true } },
      command: ["/bin/sh", "-ec", build(`--opt target=${target} --output type=oci,dest=/var/lib/buildkit/out.tar`)],
      mounts: { "/context:ro": join(work, "context"), "/var/lib/buildkit": volume },
    });
    expect(code, stderr).toBe(0);
    if (rights !== "privileged") expect(stderr).toContain(`isolation: ${rungs[rights]}`);
  },
);

test("any uid of group 0, which has no name and no home", async () => {
  const { code, stderr } = await podman.run({
    ...{ image: "cooper", rights: { ...kindsOfPod.restricted, user: 1_000_650_000, group: 0 } },
    command: ["/bin/sh", "-ec", build("--opt target=plain --output type=oci,dest=/tmp/out.tar")],
    mounts: { "/context:ro": join(work, "context") },
  });
  expect(code, stderr).toBe(0);
});

test("a second build in the same container finds the first one's results", async () => {
  const { stderr } = await inPod("rootless", `${build("--opt target=run")}; ${build("--opt target=run")}`);
  expect(stderr).toMatch(/\[run 1\/1\] RUN .*\n#\d+ CACHED/);
});
