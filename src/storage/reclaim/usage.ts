import { lstatSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Scope } from "../../kit/index.ts";
import type { SnapshotId } from "../contract.ts";
import type { Database } from "../database/database.ts";
import { treeSize } from "../files/tree-size.ts";
import type { Layout } from "../layout.ts";
import type { Usage } from "./contract.ts";
import type { KeptSizes } from "./kept-sizes.ts";

export interface ReclaimPlace {
  readonly layout: Layout;
  readonly database: Database;
}

/** When the oldest living opening began (milliseconds): what was used since may be in use. Dead ones are swept before this is asked. */
export function oldestOpening({ layout }: ReclaimPlace): number {
  let oldest = Date.now();
  for (const id of readdirSync(layout.run)) {
    const lock = statSync(join(layout.run, id, "lock"), { throwIfNoEntry: false });
    if (lock !== undefined) oldest = Math.min(oldest, lock.mtimeMs);
  }
  return oldest;
}

type SnapshotRow = {
  id: string;
  parent: string | null;
  description: string | null;
  created: number;
  used: number;
  size: number | null;
  uses: number;
  children: number;
};

/** Committed snapshots of both drivers. */
export async function snapshotUsage(place: ReclaimPlace, scope: Scope): Promise<Usage[]> {
  const { layout, database } = place;
  const since = oldestOpening(place);
  const sql = `SELECT id, parent, description, created, used, size, uses,
    EXISTS (SELECT 1 FROM snapshot AS child WHERE child.parent = snapshot.id) AS children
    FROM snapshot WHERE owner IS NULL`;
  const usages: Usage[] = [];
  for (const row of database.all<SnapshotRow>(sql)) {
    let { size } = row;
    if (size === null) {
      size = await treeSize(join(layout.snapshots, row.id), scope.signal);
      database.run("UPDATE snapshot SET size = ? WHERE id = ?", size, row.id);
    }
    usages.push({
      kind: "snapshot",
      id: row.id,
      parent: (row.parent ?? undefined) as SnapshotId | undefined,
      description: row.description ?? undefined,
      size,
      created: new Date(row.created),
      used: new Date(row.used),
      uses: row.uses,
      inUse: row.used >= since,
      needed: row.children === 1,
    });
  }
  return withAncestors(usages);
}

/** What is in use is so with everything below it. */
function withAncestors(usages: readonly Usage[]): Usage[] {
  const byId = new Map(usages.map((usage) => [usage.id, usage]));
  const used = new Set<string>();
  for (const { id, inUse } of usages) {
    for (let at = inUse ? byId.get(id) : undefined; at !== undefined && !used.has(at.id); ) {
      used.add(at.id);
      at = at.parent === undefined ? undefined : byId.get(at.parent);
    }
  }
  return usages.map((usage) => ({ ...usage, inUse: used.has(usage.id) }));
}

/** Blobs; one that a snapshot's layer record names is in use with the snapshot, of which `snapshots` tells. */
export function blobUsage(place: ReclaimPlace, snapshots: readonly Usage[]): Usage[] {
  const { layout, database } = place;
  const since = oldestOpening(place);
  const usedSnapshots = new Set(snapshots.flatMap(({ id, inUse }) => (inUse ? [id] : [])));
  const layers = database.all<{ digest: string; snapshot: string }>("SELECT digest, snapshot FROM layer");
  const referred = new Set(layers.map(({ digest }) => digest));
  const used = new Set(layers.flatMap(({ digest, snapshot }) => (usedSnapshots.has(snapshot) ? [digest] : [])));
  const usages: Usage[] = [];
  for (const algorithm of readdirSync(layout.blobs)) {
    for (const hex of readdirSync(join(layout.blobs, algorithm))) {
      const id = `${algorithm}:${hex}`;
      const stat = statSync(join(layout.blobs, algorithm, hex), { throwIfNoEntry: false });
      if (stat === undefined) continue;
      const inUse = used.has(id) || stat.mtimeMs >= since;
      usages.push({
        ...nothingKnown,
        kind: "blob",
        id,
        size: stat.size,
        created: stat.birthtime,
        used: stat.mtime,
        inUse,
        needed: referred.has(id),
      });
    }
  }
  return usages;
}

const nothingKnown = { parent: undefined, description: undefined, needed: false, uses: 1 };

/** The kernel's stamps may be a tick behind the clock that `since` comes from. */
const tick = 10;

/** Its use is noted in the time of its last change (`Folders.kept`). */
export function isKeptInUse({ ctimeMs }: { readonly ctimeMs: number }, since: number): boolean {
  return ctimeMs >= since - tick;
}

type KeptRow = { id: string; description: string | null; uses: number };

/** Kept folders: cache mounts, transferred directories, git repositories. Each use touches the folder (`Folders.kept`). */
export async function keptUsage(
  place: ReclaimPlace,
  sizes: KeptSizes,
  recent: boolean,
  scope: Scope,
): Promise<Usage[]> {
  const { layout, database } = place;
  const since = oldestOpening(place);
  const rows = new Map(database.all<KeptRow>("SELECT id, description, uses FROM kept").map((row) => [row.id, row]));
  const usages: Usage[] = [];
  const ids = readdirSync(layout.kept);
  sizes.keepOnly(new Set(ids.map((id) => join(layout.kept, id))));
  for (const id of ids) {
    const path = join(layout.kept, id);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    const { birthtime: created, ctime: used } = stat;
    const inUse = isKeptInUse(stat, since);
    const { uses, description } = rows.get(id) ?? { uses: 1, description: null };
    usages.push({
      ...nothingKnown,
      ...{ kind: "kept", id, description: description ?? undefined, uses },
      ...{ size: await sizes.of(path, stat.ctimeMs, inUse, recent, scope.signal), created, used, inUse },
    });
  }
  return usages;
}
