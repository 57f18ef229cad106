/** Prunes all of the root that is named, and says what is left; for tests that run it with fewer rights than they have. */
import { quietScope } from "../../kit/index.ts";
import { openStorage } from "../open.ts";

await using storage = await openStorage({ root: process.argv[2] ?? "", snapshotter: "auto" }, quietScope);
const pruned = await storage.reclaim.prune({ all: true }, quietScope);
const left = (await storage.reclaim.usage(quietScope)).filter(({ kind }) => kind === "snapshot");
process.stdout.write(`${pruned.length} pruned, ${left.length} snapshots left\n`);
