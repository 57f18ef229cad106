/** What is probed in each kind of pod, with rights really dropped, and what is said to work there. */
import { resolve } from "node:path";
import { expect, test } from "vitest";
import type { ProbedFacts, Rung } from "../../src/executor/index.ts";
import { type Rights, type RightsOptions, RightsRoom } from "../support/rights.ts";

const script = resolve(import.meta.dirname, "../../src/executor/testing/print-probe.ts");

async function probed(rights: Rights, options: RightsOptions = {}) {
  using room = new RightsRoom(rights, options);
  const { facts, rungs } = JSON.parse(await room.sh(`node --no-warnings ${script}`)) as {
    facts: ProbedFacts;
    rungs: readonly Rung[];
  };
  const byName = new Map(rungs.map((rung) => [rung.name, rung]));
  const lacks = (name: Rung["name"]) => byName.get(name)?.lacks.map(({ what }) => what) ?? [];
  return {
    facts,
    lacks,
    notes: byName.get("rootless")?.notes ?? [],
    works: rungs.filter((rung) => rung.works).map((rung) => rung.name),
  };
}

test("privileged: everything works", async () => {
  const { facts, works } = await probed("privileged");
  expect(works).toEqual(["oci", "rootless", "chroot", "no-exec"]);
  expect(facts.rights).toMatchObject({ uid: 0, noNewPrivileges: false, seccomp: "off" });
  expect(facts.machine.runtimes.length).toBeGreaterThan(0);
});

test("uid 1000 without a filter: rootless with all ids, or with one", async () => {
  const { facts, works, lacks, notes } = await probed("rootless");
  expect(works).toEqual(["rootless", "no-exec"]);
  expect(lacks("oci")).toEqual(["capability CAP_SYS_ADMIN"]);
  expect(facts.ids).toEqual({ uids: 65536, gids: 65536, mapper: "works" });
  expect(notes).toEqual([expect.stringContaining("/proc is masked")]);
  expect((await probed("rootless", { idMappers: "set-user-id" })).notes[0]).toMatch(
    /^a single id: .*newuidmap may not gain rights/,
  );
  expect((await probed("rootless", { subordinateIds: false, unmaskedProc: true })).notes).toEqual([
    expect.stringMatching(/^a single id: .*give this user 0 ids/),
  ]);
});

test("root with default capabilities under the default filter: chroot", async () => {
  const { facts, works, lacks } = await probed("baseline");
  expect(works).toEqual(["chroot", "no-exec"]);
  expect(facts.rights.seccomp).toBe("filter");
  expect(lacks("rootless")).toEqual([expect.stringMatching(/^a user namespace: unshare: .*Operation not permitted/)]);
});

test("no rights at all: only what runs nothing", async () => {
  const { facts, works, lacks } = await probed("restricted");
  expect(works).toEqual(["no-exec"]);
  expect(facts.rights).toMatchObject({ uid: 1000, capabilities: [], noNewPrivileges: true });
  expect(lacks("chroot")).toContain("capability CAP_SYS_CHROOT");
});
