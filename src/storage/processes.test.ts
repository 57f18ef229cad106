import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { type Digest, quietScope, sha256 } from "../kit/index.ts";
import { listMounts } from "../sys/index.ts";
import type { Storage } from "./contract.ts";
import { openStorage } from "./open.ts";
import { temporaryRoots } from "./testing/temporary-root.ts";

const newRoot = temporaryRoots();
const script = join(import.meta.dirname, "testing/busy-process.ts");

interface Busy {
  readonly child: ChildProcess;
  readonly told: string[];
  readonly kill: () => Promise<void>;
}
async function busyProcess(root: string, seed: number): Promise<Busy> {
  const child = spawn(process.execPath, [script, root, `${seed}`], { stdio: ["ignore", "pipe", "inherit"] });
  const told: string[] = [];
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
  lines.on("line", (line) => told.push(line));
  await once(lines, "line");
  const ended = once(child, "exit");
  const closed = once(lines, "close");
  const kill = async () => {
    child.kill("SIGKILL");
    // Its output ends a moment before its locks do.
    await Promise.all([closed, ended]);
  };
  return { child, told, kill };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const mountsBelow = (root: string) => listMounts().filter(({ target }) => target.startsWith(`${root}/`));

/** Everything that was told as done is there, whole; nothing that was begun is left. */
async function checkRoot(storage: Storage, told: readonly string[]): Promise<void> {
  const { root } = storage;
  for (const line of told) {
    const [kind, ...rest] = line.split(" ");
    const value = rest.join(" ");
    if (kind === "blob") expect(await storage.blobs.size(value as Digest), line).toBeGreaterThan(50_000);
    if (kind === "snapshot") expect(storage.snapshots.byName(value), line).toBeDefined();
  }
  for (const hex of readdirSync(join(root, "content/blobs/sha256"))) {
    expect(sha256(readFileSync(join(root, "content/blobs/sha256", hex)))).toBe(`sha256:${hex}`);
  }
  const names = told.filter((line) => line.startsWith("snapshot")).map((line) => line.slice("snapshot ".length));
  const known = new Set(
    names.flatMap((name) => {
      const info = storage.snapshots.byName(name);
      return info === undefined ? [] : storage.snapshots.chain(info.id).map(({ id }) => id);
    }),
  );
  const unnamed = readdirSync(join(root, "snapshots")).filter((id) => !known.has(id as never));
  for (const id of unnamed) expect(storage.snapshots.get(id as never)?.name, `snapshot folder ${id}`).toBeDefined();
  expect(readdirSync(join(root, "content/ingest"))).toEqual([]);
  expect(readdirSync(join(root, "run"))).toHaveLength(1);
  expect(mountsBelow(root)).toEqual([]);
}

describe("several processes on one root", () => {
  it("work at once, share names, and take turns at a lock", async () => {
    const root = newRoot();
    const two = await Promise.all([busyProcess(root, 1), busyProcess(root, 2)]);
    await using storage = await openStorage({ root, snapshotter: "auto" }, quietScope);
    const counts = () => two.map(({ told }) => told.filter((line) => line === "count").length);
    try {
      while (counts().some((count) => count < 3)) {
        for (const { child } of two) expect(child.exitCode).toBeNull();
        await pause(20);
      }
    } finally {
      for (const { kill } of two) await kill();
    }
    // A kill may fall between the record and the line that tells it.
    const untold = Number(storage.records.get("test", "count")) - counts().reduce((sum, count) => sum + count, 0);
    expect([0, 1, 2]).toContain(untold);
    await storage[Symbol.asyncDispose]();
    await using again = await openStorage({ root, snapshotter: "auto" }, quietScope);
    await checkRoot(
      again,
      two.flatMap(({ told }) => told),
    );
  });

  it("a kill at any moment leaves a root that the next opening finds in order", async () => {
    const root = newRoot();
    const told: string[] = [];
    for (let round = 0; round < 8; round++) {
      const busy = await busyProcess(root, 100 + round);
      await pause(Math.random() * 150);
      await busy.kill();
      told.push(...busy.told);
      await using storage = await openStorage({ root, snapshotter: "auto" }, quietScope);
      await checkRoot(storage, told);
    }
  });

  it("openings of a fresh root at the same moment all succeed", async () => {
    const root = newRoot();
    const several = await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => busyProcess(root, seed)));
    for (const { kill } of several) await kill();
    await using storage = await openStorage({ root, snapshotter: "auto" }, quietScope);
    await checkRoot(
      storage,
      several.flatMap(({ told }) => told),
    );
  });
});
