import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { oomKills } from "./oom-kills.ts";

test("counts are read from cgroup v2 and v1, as runc's state names them; what is not there counts nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "cooper-oom-"));
  try {
    const container = (id: string, paths: object) => {
      mkdirSync(join(folder, id));
      writeFileSync(join(folder, id, "state.json"), JSON.stringify({ cgroup_paths: paths }));
    };
    writeFileSync(join(folder, "memory.events"), "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n");
    writeFileSync(join(folder, "memory.oom_control"), "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n");
    container("two", { "": folder });
    container("one", { memory: folder, pids: "/nowhere" });
    container("gone", { memory: "/nowhere" });
    expect(["two", "one", "gone", "unknown"].map((id) => oomKills(folder, id))).toEqual([2, 5, 0, 0]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
