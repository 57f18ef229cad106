/**
 * A process for tests to kill: `node busy-process.ts ROOT SEED` opens the root and works on it for ever (snapshots with mounts, blobs,
 * records, locks, temporary folders), telling each finished piece on stdout as "blob DIGEST", "snapshot NAME" or "count".
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bytesOf, quietScope } from "../../kit/index.ts";
import { openStorage } from "../open.ts";

const [root = "", seed = "0"] = process.argv.slice(2);
const storage = await openStorage({ root, snapshotter: "auto" }, quietScope);
const tell = (text: string) => process.stdout.write(`${text}\n`);

async function blobs(): Promise<void> {
  for (let i = 0; ; i++) {
    const own = await storage.blobs.put(bytesOf(`${seed} ${i} `, Buffer.alloc(50_000, i)), quietScope);
    tell(`blob ${own.digest}`);
    await storage.blobs.put(bytesOf(`shared ${i}`, Buffer.alloc(50_000, i)), quietScope);
  }
}

async function snapshots(): Promise<void> {
  for (let i = 0; ; i++) {
    // Names are shared between processes: the second commit joins.
    const parent = storage.snapshots.byName(`layer ${i % 7}`);
    await using active = await storage.snapshots.prepare(parent?.id);
    {
      await using mounted = await storage.mount(active.mount);
      for (let file = 0; file < 20; file++) writeFileSync(join(mounted.path, `file${i}-${file}`), seed);
    }
    const { name } = await active.commit({ name: `layer ${i}` });
    tell(`snapshot ${name}`);
    // Nothing above waits for the outside, so without this nobody else's turn would come.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function counting(): Promise<void> {
  for (;;) {
    await storage.exclusive("counter", quietScope, async () => {
      await using _folder = await storage.temporaryFolder("count");
      const count = Number(storage.records.get("test", "count") ?? 0);
      await new Promise((resolve) => setImmediate(resolve));
      storage.records.set("test", "count", `${count + 1}`);
    });
    tell("count");
    // Leaves the lock to others for longer than they pause between two tries.
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
}

await Promise.all([blobs(), snapshots(), counting()]);
