import type { Records } from "./contract.ts";
import type { Database } from "./database/database.ts";

/** Records as rows. */
export class StoredRecords implements Records {
  readonly #database: Database;
  constructor(database: Database) {
    this.#database = database;
  }

  get(space: string, key: string): string | undefined {
    const sql = "SELECT value FROM record WHERE space = ? AND key = ?";
    return this.#database.get<{ value: string }>(sql, space, key)?.value;
  }

  set(space: string, key: string, value: string): void {
    this.#database.run("INSERT OR REPLACE INTO record (space, key, value) VALUES (?, ?, ?)", space, key, value);
  }

  delete(space: string, key: string): void {
    this.#database.run("DELETE FROM record WHERE space = ? AND key = ?", space, key);
  }
}
