import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { Database } from "./database.ts";

test("Database leaves its log at closing, waiting for no disk, and the next opening finds all that was written", () => {
  const folder = mkdtempSync(join(tmpdir(), "cooper-database-"));
  try {
    const path = join(folder, "db");
    const first = new Database(path);
    first.run("INSERT INTO record (space, key, value) VALUES ('s', 'k', 'v')");
    first.close();
    first.close();
    expect(existsSync(`${path}-wal`)).toBe(true);
    const second = new Database(path);
    expect(second.all("SELECT value FROM record")).toMatchObject([{ value: "v" }]);
    second.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("Database brings a root of the first version to this one's", () => {
  const folder = mkdtempSync(join(tmpdir(), "cooper-database-"));
  try {
    const path = join(folder, "db");
    const old = new DatabaseSync(path);
    old.exec("CREATE TABLE snapshot (id TEXT PRIMARY KEY) WITHOUT ROWID");
    old.exec("INSERT INTO snapshot (id) VALUES ('s'); PRAGMA user_version = 1");
    old.close();
    const database = new Database(path);
    expect(database.all("SELECT id, uses FROM snapshot")).toMatchObject([{ id: "s", uses: 1 }]);
    expect(database.all("SELECT id, uses FROM kept")).toEqual([]);
    database.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
