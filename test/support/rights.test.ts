/** The rights that tests of the ladder drop are really gone: each is tried. */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test, vi } from "vitest";
import { type Rights, type RightsOptions, RightsRoom } from "./rights.ts";

/** Which of these succeed. `chroot` and `mknod` need only a capability, the others a namespace's. */
const tries: Readonly<Record<string, string>> = {
  "user namespace": "unshare -U true",
  "mount namespace": "unshare -m true",
  mount: 'mkdir -p "$TMPDIR/m" && mount -t tmpfs none "$TMPDIR/m" && umount "$TMPDIR/m"',
  "mount in a user namespace": 'mkdir -p "$TMPDIR/m" && unshare -Urm mount -t tmpfs none "$TMPDIR/m"',
  "proc in a user namespace": 'mkdir -p "$TMPDIR/m" && unshare -Urmpf mount -t proc none "$TMPDIR/m"',
  chroot: "chroot / /bin/true",
  chown: 'touch "$TMPDIR/c" && chown 12:34 "$TMPDIR/c"',
  "null device": 'mknod "$TMPDIR/null" c 1 3 && rm "$TMPDIR/null"',
  setuid: "setpriv --reuid 1234 --clear-groups true",
  "subordinate ids": "unshare -U --map-users 100000,0,65536 --map-groups 100000,0,65536 true",
  "a set-user-id program":
    '[ "$(su -c "id -u" 2>/dev/null || newuidmap 1 0 0 1 2>&1)" != "" ] && ! grep -q "NoNewPrivs:.1" /proc/self/status',
  "a file outside": "touch /usr/cooper-test",
};

async function possible(rights: Rights, options: RightsOptions = {}): Promise<string[]> {
  using room = new RightsRoom(rights, options);
  const script = Object.entries(tries).map(([name, line]) => `if (${line}) >/dev/null 2>&1; then echo "${name}"; fi`);
  return (await room.sh(script.join("\n")))
    .trim()
    .split("\n")
    .filter((line) => line !== "");
}

test("privileged: all but what is read-only, and ids that only the user has", async () => {
  const all = Object.keys(tries).filter((name) => !["a file outside", "subordinate ids"].includes(name));
  expect(await possible("privileged")).toEqual(all);
});

test("rootless: namespaces and what is possible in them; no capability outside of them; proc stays masked", async () => {
  expect(await possible("rootless")).toEqual([
    "user namespace",
    "mount in a user namespace",
    "subordinate ids",
    "a set-user-id program",
  ]);
});

test("rootless with an unmasked proc and without subordinate ids", async () => {
  expect(await possible("rootless", { unmaskedProc: true, subordinateIds: false })).toEqual([
    "user namespace",
    "mount in a user namespace",
    "proc in a user namespace",
    "a set-user-id program",
  ]);
});

test("rootless where programs get rights by their set-user-id bit: no subordinate ids", async () => {
  expect(await possible("rootless", { idMappers: "set-user-id" })).not.toContain("subordinate ids");
});

test("baseline: root's file rights, no namespace and no mount", async () => {
  expect(await possible("baseline")).toEqual(["chroot", "chown", "null device", "setuid", "a set-user-id program"]);
});

test("restricted: nothing", async () => {
  expect(await possible("restricted")).toEqual([]);
});

test("calls that are refused or that kill, one by one", async () => {
  using room = new RightsRoom("rootless", { refuse: { mount: 13 } });
  expect(await room.sh("unshare -Urm mount -t tmpfs none /tmp 2>&1 || true")).toMatch(/permission denied/i);
  const killed = await room.run(["unshare", "-U", "true"], { refuse: {}, kill: ["unshare"] });
  expect(killed.code).toBe(128 + 31);
});

test("input, output, exit codes, files that stand in for others, the environment; and nothing stays", async () => {
  // A folder of this test's own: others make and remove theirs beside it meanwhile.
  const temporary = mkdtempSync(join(tmpdir(), "cooper-rights-"));
  chmodSync(temporary, 0o1777);
  vi.stubEnv("TMPDIR", temporary);
  const extra = mkdtempSync(join(tmpdir(), "extra-"));
  {
    using room = new RightsRoom("restricted", {
      env: { GREETING: "hello" },
      instead: { "/etc/hostname": "/etc/fstab" },
    });
    const script = 'read line; echo "$GREETING $line $(id -u) $(id -g)"; echo oops >&2; cat /etc/hostname >&2; exit 7';
    const { code, stdout, stderr } = await room.run(["sh", "-c", script], { input: "world\n" });
    expect({ code, stdout }).toEqual({ code: 7, stdout: "hello world 1000 1000\n" });
    expect(stderr).toMatch(/^oops\n/);
    expect(await room.sh('touch "$HOME/f" "$TMPDIR/f" f; pwd')).toBe(`${join(room.folder, "work")}\n`);
    expect((await room.run(["touch", join(extra, "f")])).code).not.toBe(0);
  }
  expect(readdirSync(temporary)).toEqual([basename(extra)]);
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true });
});
