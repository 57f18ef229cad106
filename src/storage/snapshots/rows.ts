import { CooperError } from "../../kit/index.ts";
import type { SnapshotCommit, SnapshotId, SnapshotInfo } from "../contract.ts";
import type { Database } from "../database/database.ts";

type SnapshotRow = { id: string; parent: string | null; name: string | null; created: number };

/** The snapshot table as one driver sees it. */
export class SnapshotRows {
  readonly #database: Database;
  readonly #driver: string;
  /** Snapshots whose use this opening has noted. */
  readonly #touched = new Set<string>();

  constructor(database: Database, driver: string) {
    this.#database = database;
    this.#driver = driver;
  }

  get(id: SnapshotId): SnapshotInfo | undefined {
    const sql = "SELECT id, parent, name, created FROM snapshot WHERE id = ? AND driver = ? AND owner IS NULL";
    return this.#use(this.#database.get<SnapshotRow>(sql, id, this.#driver));
  }

  byName(name: string): SnapshotInfo | undefined {
    const sql = "SELECT id, parent, name, created FROM snapshot WHERE name = ? AND driver = ? AND owner IS NULL";
    return this.#use(this.#database.get<SnapshotRow>(sql, name, this.#driver));
  }

  insertActive(id: SnapshotId, parent: SnapshotId | undefined, owner: string): void {
    const now = Date.now();
    const sql = "INSERT INTO snapshot (id, driver, parent, owner, created, used) VALUES (?, ?, ?, ?, ?, ?)";
    this.#database.run(sql, id, this.#driver, parent ?? null, owner, now, now);
  }

  /** Makes the snapshot a committed one; or, when the name is taken, returns the one that has it and leaves this one active. */
  commit(id: SnapshotId, options: SnapshotCommit): SnapshotInfo {
    return this.#database.transaction(() => {
      const taken = options.name === undefined ? undefined : this.byName(options.name);
      if (taken !== undefined) return taken;
      const [now, { name = null, description = null }] = [Date.now(), options];
      const created = options.created?.getTime() ?? now;
      const sql = "UPDATE snapshot SET owner = NULL, name = ?, description = ?, created = ?, used = ? WHERE id = ?";
      const row = this.#database.get<SnapshotRow>(
        `${sql} RETURNING id, parent, name, created`,
        name,
        description,
        created,
        now,
        id,
      );
      if (row === undefined) throw new CooperError("storage/no-snapshot", `cannot commit snapshot ${id}: it is gone`);
      this.#touched.add(id);
      return infoOf(row);
    });
  }

  /** The snapshot and all on top of it are found no more; `owner`'s end removes what is left of them. */
  disown(id: SnapshotId, owner: string): void {
    const onTop = `WITH RECURSIVE on_top (id) AS (VALUES (?) UNION SELECT child.id FROM snapshot AS child JOIN on_top ON child.parent = on_top.id)`;
    const sql = `${onTop} UPDATE snapshot SET owner = ?, name = NULL WHERE owner IS NULL AND id IN (SELECT id FROM on_top)`;
    this.#database.run(sql, id, owner);
  }

  deleteOwned(id: SnapshotId, owner: string): void {
    this.#database.run("DELETE FROM snapshot WHERE id = ? AND owner = ?", id, owner);
  }

  /** What was noted so far must be noted again at the next use. */
  forgetUses(): void {
    this.#touched.clear();
  }

  /** Notes the use, once per opening, in the same breath: a prune in another process sees it. Undefined when it came first. */
  #use(row: SnapshotRow | undefined): SnapshotInfo | undefined {
    if (row === undefined) return undefined;
    if (!this.#touched.has(row.id)) {
      const found = this.#database.run(
        "UPDATE snapshot SET used = ?, uses = uses + 1 WHERE id = ? AND owner IS NULL",
        Date.now(),
        row.id,
      );
      if (found === 0) return undefined;
      this.#touched.add(row.id);
    }
    return infoOf(row);
  }
}

function infoOf(row: SnapshotRow): SnapshotInfo {
  return {
    id: row.id as SnapshotId,
    parent: (row.parent ?? undefined) as SnapshotId | undefined,
    name: row.name ?? undefined,
    created: new Date(row.created),
  };
}
