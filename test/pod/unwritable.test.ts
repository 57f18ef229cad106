/** What cannot be written or read is told before anything is built, with the setting that helps. */
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bundled } from "../support/bundle.ts";
import { type Rights, RightsRoom } from "../support/rights.ts";

const dockerfile = "FROM scratch\nCOPY file /file\n";

/** A checkout made by root, in which a user builds. */
function checkout(rights: Rights = "restricted"): RightsRoom & { readonly work: string } {
  const room = new RightsRoom(rights);
  const work = join(room.folder, "checkout");
  mkdirSync(work);
  writeFileSync(join(work, "Dockerfile"), dockerfile);
  writeFileSync(join(work, "file"), "text");
  return Object.assign(room, { work });
}

const build = (...args: readonly string[]) => [
  ...["node", bundled("buildctl-daemonless"), "build", "--progress=plain", "--frontend", "dockerfile.v0"],
  ...["--local", "context=.", "--local", "dockerfile=.", ...args],
];

test("an output into a checkout of root's", async () => {
  using room = checkout();
  for (const output of ["type=oci,dest=out.tar", "type=local,dest=out", "type=local,dest=."]) {
    const { code, stderr } = await room.run(build("--output", output), { cwd: room.work });
    expect(code, output).toBe(1);
    expect(stderr).toContain("permission denied");
    expect(stderr).toContain(
      `${room.work} belongs to uid 0, and this process is uid 1000: set runAsUser: 1000 in the pod's`,
    );
    expect(stderr).not.toContain("#1 ");
  }
});

test("an output on a read-only file system", async () => {
  using room = checkout("baseline");
  const { code, stderr } = await room.run(build("--output", "type=oci,dest=/usr/out.tar"), { cwd: room.work });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /open \/usr\/out\.tar: read-only file system\n.*hint: \/usr is on a read-only file system: mount a volume/s,
  );
});

test("an output onto a volume of root's", async () => {
  using room = checkout();
  const { stderr } = await room.run(build("--output", "type=oci,dest=/var/out.tar"), { cwd: room.work });
  expect(stderr).toMatch(/hint: \/var belongs to uid 0, .*: set fsGroup: 1000 in the pod's securityContext/);
});

test("a file of the context that this user may not read is named, not the storage", async () => {
  using room = checkout();
  chmodSync(join(room.work, "file"), 0o600);
  const { code, stderr } = await room.run(build(), { cwd: room.work });
  expect(code).toBe(1);
  expect(stderr).toMatch(/open .*\/checkout\/file: permission denied/);
  expect(stderr).toContain("set runAsUser: 1000 in the pod's securityContext");
});

test("the storage root of a user: the data folder, and what to do where there is none", async () => {
  using room = checkout();
  const home = join(room.folder, "home");
  const run = (env: Record<string, string>, ...args: string[]) =>
    room.run(["env", "-u", "HOME", ...Object.entries(env).map((pair) => pair.join("=")), ...build(...args)], {
      cwd: room.work,
    });
  expect(await run({ HOME: home })).toMatchObject({ code: 0 });
  expect(existsSync(join(home, ".local/share/buildkit/cooper.db"))).toBe(true);
  expect(await run({ XDG_DATA_HOME: join(home, "data") })).toMatchObject({ code: 0 });
  expect(existsSync(join(home, "data/buildkit/cooper.db"))).toBe(true);
  const homeless = await run({});
  expect(homeless.code).toBe(1);
  expect(homeless.stderr).toContain('cannot choose a storage root: this process can write neither "/var/lib/buildkit"');
  expect(homeless.stderr).toContain(
    "hint: name another folder with --root, or mount a volume at /var/lib/buildkit; HOME is not set",
  );
  const foreign = await run({ HOME: "/usr" });
  expect(foreign.stderr).toContain('neither "/var/lib/buildkit" nor "/usr/.local/share/buildkit"');
});

test("a storage root of root's", async () => {
  using room = checkout();
  const root = join(room.folder, "root");
  mkdirSync(root, { mode: 0o755 });
  const { code, stderr } = await room.run(build(), { cwd: room.work, env: { BUILDKITD_FLAGS: `--root ${root}` } });
  expect(code).toBe(1);
  expect(stderr).toContain(`cannot open storage root ${JSON.stringify(root)}`);
  expect(stderr).toContain(`${root} belongs to uid 0, and this process is uid 1000`);
});

test("no temporary folder is needed", async () => {
  using room = checkout();
  chownSync(room.work, 1000, 1000);
  const { code } = await room.run(build("--output", "type=oci,dest=out.tar"), {
    cwd: room.work,
    env: { TMPDIR: "/nowhere" },
  });
  expect(code).toBe(0);
});
