import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { CooperError } from "../../kit/index.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";

/** `debug dump-metadata --root DIR`: the tables of the storage's database, a line for each row. Reads only. */
export async function dumpMetadata(values: FlagValues, io: Io): Promise<number> {
  const root = resolve(io.around.cwd, values.string("root"));
  if (!existsSync(root)) throw new CooperError("cli/bad-value", `open ${root}: no such file or directory`);
  const path = join(root, "cooper.db");
  if (!existsSync(path)) return 0;
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    io.stdout(`===== ${path} =====\n`);
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
    for (const { name } of tables) {
      io.stdout(`table ${JSON.stringify(name)}:\n`);
      const rows = database.prepare(`SELECT * FROM "${String(name).replaceAll('"', '""')}"`);
      rows.setReadBigInts(true);
      for (const row of rows.iterate()) io.stdout(`  ${rowText(row)}\n`);
    }
  } finally {
    database.close();
  }
  return 0;
}

function rowText(row: Readonly<Record<string, unknown>>): string {
  const shown = (value: unknown) => {
    if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  };
  return Object.entries(row)
    .map(([name, value]) => `${name}: ${shown(value)}`)
    .join(", ");
}
