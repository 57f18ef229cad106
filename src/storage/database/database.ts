import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import { CooperError } from "../../kit/index.ts";
import { storageError } from "../errors.ts";
import { schema, schemaVersion, upgrades } from "./schema.ts";

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** How long a call waits for another process's transaction; those take milliseconds. */
const busyTimeout = 20_000;

/**
 * The root's database, open in this process. Calls are synchronous: they take some 10 µs. WAL lets readers and a writer
 * work at once; a transaction that was interrupted by a kill never happened.
 */
export class Database {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens the file, and makes or upgrades its schema. Throws `storage/newer-root` when a newer Cooper made it. */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#db = new DatabaseSync(path, { timeout: busyTimeout, enableForeignKeyConstraints: true });
      if (this.#version() !== schemaVersion) this.#migrate();
      // NORMAL: nothing is flushed per transaction, so a power cut may lose the last ones, but cannot damage the file.
      this.#db.exec("PRAGMA synchronous = NORMAL");
    } catch (error) {
      throw storageError(`open database ${JSON.stringify(path)}`, error);
    }
  }

  get<T extends Row>(sql: string, ...values: readonly SQLInputValue[]): T | undefined {
    return this.#tell(() => this.#prepare(sql).get(...values)) as T | undefined;
  }

  all<T extends Row>(sql: string, ...values: readonly SQLInputValue[]): readonly T[] {
    return this.#tell(() => this.#prepare(sql).all(...values)) as unknown as readonly T[];
  }

  /** Runs a statement; the number of rows that it changed. */
  run(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#tell(() => this.#prepare(sql).run(...values)).changes);
  }

  /** `work` in one transaction that other processes see as a whole. It must be synchronous; its error rolls back. */
  transaction<T>(work: () => T): T {
    this.#tell(() => this.#db.exec("BEGIN IMMEDIATE"));
    try {
      const result = work();
      this.#tell(() => this.#db.exec("COMMIT"));
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /**
   * The last one to close would copy the log into the database and wait for the disk, behind all that the build has just
   * written: up to seconds. Another connection that is still open keeps it from that, and one that may only read cannot do
   * it later. So the log stays for the next opening, and is copied when it has grown to 4 MB.
   */
  close(): void {
    this.#statements.clear();
    if (!this.#db.isOpen) return;
    const last = this.#openReader();
    this.#db.close();
    last?.close();
  }

  #openReader(): DatabaseSync | undefined {
    try {
      const reader = new DatabaseSync(this.#path, { readOnly: true });
      // A connection takes its share of the lock at its first question.
      reader.prepare("PRAGMA user_version").get();
      return reader;
    } catch {
      return undefined;
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #tell<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storageError("use the root's database", error);
    }
  }

  #version(): number {
    return Number(this.#db.prepare("PRAGMA user_version").get()?.user_version);
  }

  #migrate(): void {
    // A new root has nothing to lose, and need not wait for the disk. (An older one is flushed by the next checkpoint.)
    if (this.#version() === 0) this.#db.exec("PRAGMA synchronous = OFF");
    this.#useWal();
    this.transaction(() => {
      // Asked again: another process may have been faster.
      const version = this.#version();
      if (version > schemaVersion) throw newerRoot(version);
      if (version === 0) this.#db.exec(schema);
      else for (let v = version; v < schemaVersion; v++) this.#db.exec(upgrades[v] ?? "");
      this.#db.exec(`PRAGMA user_version = ${schemaVersion}`);
    });
  }

  /** The change to WAL is kept in the file. SQLite does not wait for its lock by itself when others open the file as well. */
  #useWal(): void {
    const deadline = Date.now() + busyTimeout;
    for (;;) {
      try {
        this.#db.exec("PRAGMA journal_mode = WAL");
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
  }
}

function newerRoot(version: number): CooperError {
  return new CooperError(
    "storage/newer-root",
    `cannot use this root: it has version ${version}, wanted ${schemaVersion}`,
    {
      hint: "use the newer Cooper that made it, or choose another root with --root",
    },
  );
}
