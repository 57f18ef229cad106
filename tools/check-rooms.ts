/**
 * Reads the table in docs/rooms.md and fails on any import in src/ that it does not allow: a room reached past its
 * index.ts, a room that is not listed, an upward or circular import. `--draw` prints who really imports whom.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

interface Room {
  readonly name: string;
  readonly level: number;
  readonly may: readonly string[];
}

/** The rows of the rooms table of `markdown`, by name. */
export function parseRooms(markdown: string): Map<string, Room> {
  const rooms = new Map<string, Room>();
  for (const line of markdown.split("\n")) {
    const match = /^\|\s*(\d+)\s*\|\s*([a-z]+)\s*\|[^|]*\|([^|]*)\|\s*$/.exec(line);
    if (match === null) continue;
    const [, level, name, may] = match;
    const list = (may ?? "").split(",").map((word) => word.trim());
    rooms.set(name ?? "", { name: name ?? "", level: Number(level), may: list.filter((word) => word !== "") });
  }
  return rooms;
}

/** Module specifiers that `source` imports: static, re-exported, type-only and dynamic ones. */
export function importsOf(source: string): string[] {
  const found: string[] = [];
  const patterns = [
    /^\s*(?:import|export)\s[^;"']*?from\s*["']([^"']+)["']/gm,
    /^\s*import\s*["']([^"']+)["']/gm,
    /\bimport\(\s*["']([^"']+)["']\s*\)/g,
  ];
  for (const pattern of patterns) for (const match of source.matchAll(pattern)) found.push(match[1] ?? "");
  return found;
}

/** What is wrong with one import of `file` (a path below src/), or undefined. */
export function judgeImport(file: string, specifier: string, rooms: Map<string, Room>): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const target = relative("/src", resolve("/src", file, "..", specifier));
  if (target.startsWith("..")) return `${file}: imports "${specifier}" from outside src/`;
  const from = file.split("/")[0] ?? "";
  const to = target.split("/")[0] ?? "";
  if (from === to) return undefined;
  const test = file.endsWith(".test.ts") || file.includes("/testing/");
  if (target === `${to}/testing/index.ts` && test) return undefined;
  if (target !== `${to}/index.ts`) return `${file}: reaches past the door of "${to}" (${specifier})`;
  if (test) return undefined;
  if (rooms.get(from)?.may.includes(to) !== true) return `${file}: room "${from}" may not import "${to}"`;
  return undefined;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
}

function main(): void {
  const root = resolve(import.meta.dirname, "..");
  const rooms = parseRooms(readFileSync(join(root, "docs/rooms.md"), "utf8"));
  const problems: string[] = [];
  const used = new Map<string, Set<string>>();
  for (const room of rooms.values()) {
    for (const other of room.may) {
      const target = rooms.get(other);
      if (target === undefined) problems.push(`docs/rooms.md: "${room.name}" may import "${other}", which is no room`);
      else if (target.level >= room.level) problems.push(`docs/rooms.md: "${room.name}" imports upwards: "${other}"`);
    }
  }
  for (const file of sourceFiles(join(root, "src"))) {
    const from = file.split("/")[0] ?? "";
    if (!rooms.has(from)) problems.push(`src/${file}: "${from}" is not in docs/rooms.md`);
    for (const specifier of importsOf(readFileSync(join(root, "src", file), "utf8"))) {
      const problem = judgeImport(file, specifier, rooms);
      if (problem !== undefined) problems.push(problem);
      if (!specifier.startsWith("..") || file.endsWith(".test.ts")) continue;
      const to = relative("/src", resolve("/src", file, "..", specifier)).split("/")[0] ?? "";
      if (to !== from) used.set(from, (used.get(from) ?? new Set()).add(to));
    }
  }
  if (process.argv.includes("--draw")) {
    for (const room of rooms.values()) {
      console.log(`${room.level} ${room.name.padEnd(9)} -> ${[...(used.get(room.name) ?? [])].sort().join(" ")}`);
    }
  }
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`rooms: ${rooms.size} rooms, all imports allowed`);
}

if (import.meta.main) main();
