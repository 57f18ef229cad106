import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { CooperError, messageOf } from "../../kit/index.ts";

/** Kubernetes' own limit of a config map or secret. */
const maxBytes = 1 << 20;

/**
 * A config map or secret that stands on this disk: a folder with a file for each key (what a volume of it looks like), or a file of NAME=VALUE
 * lines. Throws `pipeline/object-data`.
 */
export function readObjectData(path: string): ReadonlyMap<string, Buffer> {
  try {
    const data = statSync(path).isDirectory() ? folderData(path) : linesData(path);
    const size = [...data.values()].reduce((sum, value) => sum + value.byteLength, 0);
    if (size > maxBytes) throw new Error(`it has ${size} bytes, at most ${maxBytes} are allowed`);
    return data;
  } catch (error) {
    throw new CooperError("pipeline/object-data", `cannot read ${JSON.stringify(path)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function folderData(path: string): Map<string, Buffer> {
  const files = readdirSync(path).filter((name) => statSync(join(path, name)).isFile());
  return new Map(files.sort().map((name) => [name, readFileSync(join(path, name))]));
}

function linesData(path: string): Map<string, Buffer> {
  const text = readFileSync(path);
  const pairs = namedLines(text.toString("utf8"));
  // Something else than lines of names is one value under the file's name.
  return pairs.size > 0
    ? new Map([...pairs].map(([name, value]) => [name, Buffer.from(value)]))
    : new Map([[basename(path), text]]);
}

/** `NAME=VALUE` lines; blank ones and comments are left out, quotes around a value are taken off. Empty when a line is none. */
export function namedLines(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const match = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/.exec(line);
    if (match === null) return new Map();
    const [, name = "", value = ""] = match;
    pairs.set(name, /^(["']).*\1$/.test(value.trim()) ? value.trim().slice(1, -1) : value.trimEnd());
  }
  return pairs;
}
