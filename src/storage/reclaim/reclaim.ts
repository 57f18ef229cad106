import { accessSync, constants, lstatSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, parseDigest, type Scope } from "../../kit/index.ts";
import { told } from "../errors.ts";
import { ifNoneComes } from "../kept-locks.ts";
import { blobPath } from "../layout.ts";
import type { Trash } from "../process/trash.ts";
import type { PruneOptions, Reclaim, Usage } from "./contract.ts";
import { KeptSizes } from "./kept-sizes.ts";
import { blobUsage, isKeptInUse, keptUsage, oldestOpening, type ReclaimPlace, snapshotUsage } from "./usage.ts";

export interface ReclaimParts extends ReclaimPlace {
  /** Marks the opening as unused until now, and forgets which uses were noted. */
  readonly rest: () => void;
  readonly owner: string;
  readonly trash: Trash;
}

/** Usage and pruning of one root. */
export class StoredReclaim implements Reclaim {
  readonly #parts: ReclaimParts;
  readonly #sizes = new KeptSizes();
  constructor(parts: ReclaimParts) {
    this.#parts = parts;
  }

  usage(scope: Scope, recent = false): Promise<readonly Usage[]> {
    return told("measure the root", async () => {
      const snapshots = await snapshotUsage(this.#parts, scope);
      return [
        ...snapshots,
        ...blobUsage(this.#parts, snapshots),
        ...(await keptUsage(this.#parts, this.#sizes, recent, scope)),
      ];
    });
  }

  prune(options: PruneOptions, scope: Scope): Promise<readonly Usage[]> {
    return told("prune the root", () => this.#prune(options, scope));
  }

  rest(): void {
    this.#parts.rest();
  }

  async #prune(options: PruneOptions, scope: Scope): Promise<readonly Usage[]> {
    const pruned: Usage[] = [];
    let left = (await this.usage(scope, true)).reduce((sum, { size }) => sum + size, 0);
    const enough = () => options.keepBytes !== undefined && left <= options.keepBytes;
    // A parent can go when its last child has gone, and a blob when no snapshot names it: once more until nothing goes.
    for (let before = -1; before !== pruned.length && !enough(); ) {
      before = pruned.length;
      for (const usage of (await this.usage(scope, true)).filter((one) => mayGo(one, options)).sort(oldestFirst)) {
        scope.signal.throwIfAborted();
        if (enough()) break;
        if (!this.#remove(usage)) continue;
        pruned.push(usage);
        left -= usage.size;
      }
    }
    // Records may name snapshots that have just gone; their users take that for a miss.
    if (isEverything(options) && !this.#isShared()) this.#parts.database.run("DELETE FROM record");
    return pruned;
  }

  #isShared(): boolean {
    return readdirSync(this.#parts.layout.run).length > 1;
  }

  #remove(usage: Usage): boolean {
    switch (usage.kind) {
      case "snapshot":
        return this.#removeSnapshot(usage);
      case "blob":
        return this.#removeBlob(usage);
      case "kept":
        return this.#removeKept(usage);
    }
  }

  /** From the first statement on nobody finds it any more; a kill after that leaves it to the sweep. */
  #removeSnapshot({ id, used }: Usage): boolean {
    const { database, layout, owner, trash } = this.#parts;
    if (isSomebodyElses(join(layout.snapshots, id))) return false;
    const claim = `UPDATE snapshot SET owner = ?, name = NULL WHERE id = ? AND owner IS NULL AND used = ?
      AND NOT EXISTS (SELECT 1 FROM snapshot AS child WHERE child.parent = ?)`;
    if (database.run(claim, owner, id, used.getTime(), id) === 0) return false;
    trash.discard(join(layout.snapshots, id));
    rmSync(join(layout.hashes, `layer-${id}`), { force: true });
    database.run("DELETE FROM snapshot WHERE id = ?", id);
    return true;
  }

  /** Looked at again at the last moment: measuring it took a while. */
  #removeKept({ id }: Usage): boolean {
    const { layout, trash, database } = this.#parts;
    const path = join(layout.kept, id);
    const gone = ifNoneComes(layout.kept, () => {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined || isKeptInUse(stat, oldestOpening(this.#parts)) || isSomebodyElses(path)) return false;
      trash.discard(path);
      return true;
    });
    if (gone) database.run("DELETE FROM kept WHERE id = ?", id);
    return gone;
  }

  /**
   * Looked at again, as measuring took a while; then moved away and looked at once more: somebody may have begun to use it in that
   * moment, and gets it back.
   */
  #removeBlob({ id }: Usage): boolean {
    const { layout, owner, trash } = this.#parts;
    const path = blobPath(layout, parseDigest(id));
    const since = oldestOpening(this.#parts);
    const isUsed = (at: string) => (statSync(at, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= since;
    if (isUsed(path)) return false;
    // Not to the trash, which others may be emptying.
    const taken = trash.take(path, join(layout.run, owner));
    if (taken === undefined) return false;
    if (isUsed(taken)) {
      renameSync(taken, path);
      return false;
    }
    rmSync(taken, { force: true });
    return true;
  }
}

function mayGo(usage: Usage, options: PruneOptions): boolean {
  if (usage.inUse || usage.needed || options.filter?.(usage) === false) return false;
  return options.keepDuration === undefined || usage.used.getTime() < Date.now() - options.keepDuration;
}

/** Nothing is to stay, so records have nothing left to name. */
function isEverything({ all, keepDuration, keepBytes, filter }: PruneOptions): boolean {
  return all === true && !keepDuration && keepBytes === undefined && filter === undefined;
}

const oldestFirst = (a: Usage, b: Usage): number => a.used.getTime() - b.used.getTime();

/** A folder of a process with more rights, on a root that several users share: it can be moved by its owner only. */
function isSomebodyElses(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return errnoOf(error) === "EACCES";
  }
}
