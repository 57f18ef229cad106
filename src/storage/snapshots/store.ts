import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CooperError, isCooperError } from "../../kit/index.ts";
import type { ActiveSnapshot, SnapshotId, SnapshotInfo, SnapshotStore, TreeMount } from "../contract.ts";
import type { Database } from "../database/database.ts";
import { storageError } from "../errors.ts";
import type { Trash } from "../process/trash.ts";
import type { SnapshotDriver } from "./driver.ts";
import { SnapshotRows } from "./rows.ts";

export interface SnapshotStoreParts {
  readonly folder: string;
  readonly database: Database;
  readonly owner: string;
  readonly trash: Trash;
  /** Called at the first use, and once: it may have to probe the kernel. */
  readonly driver: () => SnapshotDriver;
}

/** Snapshots as rows of the database and folders of the driver. */
export class Snapshots implements SnapshotStore {
  readonly #parts: SnapshotStoreParts;
  #driver: SnapshotDriver | undefined;
  #rows: SnapshotRows | undefined;
  /** Snapshots whose files were there, down to the lowest layer. */
  readonly #seen = new Set<SnapshotId>();

  constructor(parts: SnapshotStoreParts) {
    this.#parts = parts;
  }

  get driver(): "overlay" | "native" {
    return this.#use().driver.name;
  }

  get kind(): "overlay" | "userxattr" | "native" | "recorded" {
    return this.#use().driver.rows;
  }

  /** See `SnapshotRows.forgetUses`. Files are looked for again, too: names of snapshots that are gone would gather. */
  forgetUses(): void {
    this.#seen.clear();
    this.#rows?.forgetUses();
  }

  get(id: SnapshotId): SnapshotInfo | undefined {
    return this.#whole(this.#use().rows.get(id));
  }

  byName(name: string): SnapshotInfo | undefined {
    return this.#whole(this.#use().rows.byName(name));
  }

  /** Undefined when files of it were deleted by hand, of whatever layer: then it is forgotten, and made again. */
  #whole(info: SnapshotInfo | undefined): SnapshotInfo | undefined {
    if (info === undefined || this.#seen.has(info.id)) return info;
    if (!this.#use().driver.isThere(this.#folder(info.id))) this.#use().rows.disown(info.id, this.#parts.owner);
    else if (info.parent === undefined || this.get(info.parent) !== undefined) {
      this.#seen.add(info.id);
      return info;
    }
    return undefined;
  }

  chain(id: SnapshotId): readonly SnapshotInfo[] {
    const { rows } = this.#use();
    const chain: SnapshotInfo[] = [];
    for (let at: SnapshotId | undefined = id; at !== undefined; at = chain[0]?.parent) {
      const info = rows.get(at);
      if (info === undefined) throw noSnapshot(at);
      chain.unshift(info);
    }
    return chain;
  }

  view(id: SnapshotId): TreeMount {
    return this.#use().driver.view(this.#folders(id));
  }

  changes(id: SnapshotId): ReturnType<SnapshotStore["changes"]> {
    const info = this.get(id);
    if (info === undefined) throw noSnapshot(id);
    return this.#use().driver.changes(this.#folder(id), info.parent === undefined ? 0 : 1);
  }

  async prepare(parent: SnapshotId | undefined, { shared = false } = {}): Promise<ActiveSnapshot> {
    const { driver, rows } = this.#use();
    const parents = parent === undefined ? [] : this.#folders(parent);
    const id = randomBytes(6).toString("hex") as SnapshotId;
    const folder = this.#folder(id);
    try {
      rows.insertActive(id, parent, this.#parts.owner);
      mkdirSync(folder, { mode: 0o711 });
      await driver.prepare(folder, parents, shared);
    } catch (error) {
      this.#drop(id);
      throw storageError("prepare snapshot", error);
    }
    return this.#activeSnapshot(id, parents);
  }

  #activeSnapshot(id: SnapshotId, parents: readonly string[]): ActiveSnapshot {
    const { driver, rows } = this.#use();
    const folder = this.#folder(id);
    let state: "active" | "committed" | "dropped" = "active";
    return {
      mount: driver.active(folder, parents),
      changes: driver.changes(folder, parents.length),
      commit: async (options = {}) => {
        if (state !== "active")
          throw new CooperError("storage/not-active", `cannot commit snapshot ${id}: it is ${state}`);
        driver.settle(folder);
        const info = rows.commit(id, options);
        state = "committed";
        if (info.id !== id) this.#drop(id);
        return info;
      },
      [Symbol.asyncDispose]: async () => {
        if (state !== "active") return;
        state = "dropped";
        this.#drop(id);
      },
    };
  }

  /** Files first: a kill in between, or a full disk, leaves a row with an owner, which the next opening sweeps. */
  #drop(id: SnapshotId): void {
    this.#use().driver.forget(this.#folder(id));
    this.#parts.trash.discard(this.#folder(id));
    try {
      this.#use().rows.deleteOwned(id, this.#parts.owner);
    } catch (error) {
      if (!isCooperError(storageError("drop snapshot", error), "storage/no-space")) throw error;
    }
  }

  #folders(id: SnapshotId): string[] {
    return this.chain(id).map((info) => this.#folder(info.id));
  }

  #folder(id: SnapshotId): string {
    return join(this.#parts.folder, id);
  }

  #use(): { readonly driver: SnapshotDriver; readonly rows: SnapshotRows } {
    this.#driver ??= this.#parts.driver();
    this.#rows ??= new SnapshotRows(this.#parts.database, this.#driver.rows);
    return { driver: this.#driver, rows: this.#rows };
  }
}

function noSnapshot(id: SnapshotId): CooperError {
  return new CooperError("storage/no-snapshot", `cannot find snapshot ${id} in the store`);
}
