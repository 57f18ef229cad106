import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { kernelFiles } from "../archive/index.ts";
import { sha256, splitDigest } from "../kit/index.ts";
import type { LentFolder, Mounted } from "./contract.ts";
import type { Database } from "./database/database.ts";
import { told } from "./errors.ts";
import { removeTree } from "./files/remove-tree.ts";
import { lendIfFree, whileNoneGoes } from "./kept-locks.ts";
import type { Layout } from "./layout.ts";
import type { Registration } from "./process/registration.ts";

/** Notes a use where steps cannot change it, in the time of the inode's last change: reclaim leaves alone what is in use. */
function touch(path: string): void {
  chmodSync(path, lstatSync(path).mode & 0o7777);
}

/** Folders that are no snapshots: of one opening, or of one user for good. */
export class Folders {
  readonly #layout: Layout;
  readonly #self: Registration;
  readonly #database: Database;
  /** Kept folders whose use this opening has counted. */
  readonly #counted = new Set<string>();
  #count = 0;

  constructor(layout: Layout, self: Registration, database: Database) {
    this.#layout = layout;
    this.#self = self;
    this.#database = database;
  }

  temporary(prefix: string): Promise<Mounted> {
    return told("make temporary folder", () => {
      const safe = prefix.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 32);
      const path = join(this.#self.folder, "tmp", `${safe}-${this.#count++}`);
      mkdirSync(path, { recursive: true, mode: 0o700 });
      const dispose = async () => {
        await told("remove temporary folder", () => removeTree(path));
      };
      return { path, files: kernelFiles, [Symbol.asyncDispose]: dispose };
    });
  }

  /** `kept/<space>-<digest of the key>`: the key is the user's, and may be anything. `description`: what `du` says of it. */
  kept(space: string, key: string, description?: string): Promise<string> {
    return told("make folder for a cache", () => this.#kept(space, key, description));
  }

  /** The lock is the kernel's, on the folder itself. */
  lend(space: string, key: string, description?: string): Promise<LentFolder> {
    return told("make folder for a cache", async () => {
      for (let number = 0; ; number++) {
        const path = await this.#kept(space, `${key}#${number}`, description);
        const lent = lendIfFree(path);
        if (lent !== undefined) return lent;
      }
    });
  }

  async #kept(space: string, key: string, description: string | undefined): Promise<string> {
    const { hex } = splitDigest(sha256(key));
    const id = `${space.replace(/[^A-Za-z0-9_-]/g, "_")}-${hex.slice(0, 32)}`;
    const path = join(this.#layout.kept, id);
    await whileNoneGoes(this.#layout.kept, () => {
      mkdirSync(path, { recursive: true, mode: 0o755 });
      touch(path);
    });
    if (!this.#counted.has(id)) this.#countUse(id, description);
    return path;
  }

  /** What was counted so far is counted again at the next use. */
  forgetUses(): void {
    this.#counted.clear();
  }

  #countUse(id: string, description: string | undefined): void {
    const sql = `INSERT INTO kept (id, description, uses) VALUES (?, ?, 1) ON CONFLICT (id)
      DO UPDATE SET uses = uses + 1, description = coalesce(excluded.description, description)`;
    this.#database.run(sql, id, description ?? null);
    this.#counted.add(id);
  }
}
