import { appendFileSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { lstatIfThere } from "./inside-root.ts";
import { renameSync } from "./raw-files.ts";

/**
 * Where nothing can be mounted, files of others are moved into a step's tree for a while. The folder that holds the tree notes it in this file, so
 * that whoever clears away after a process that was killed can bring them back first.
 */
const noteName = "moved";

/** To be called before `home` is moved to `place`. */
export function noteMoved(folder: string, home: string, place: string): void {
  appendFileSync(join(folder, noteName), `${JSON.stringify([home, place])}\n`, { mode: 0o600 });
}

/** All is back. */
export function forgetMoved(folder: string): void {
  rmSync(join(folder, noteName), { force: true });
}

/**
 * Brings back what the folder's note names, latest first, as far as it is still where it was moved to, its own folder is still there, and
 * nobody has put anything new in its place.
 */
export function bringBack(folder: string): void {
  for (const line of readNote(folder).reverse()) {
    const [home, place] = line;
    const free = lstatIfThere(home) === undefined && lstatIfThere(dirname(home)) !== undefined;
    if (free && lstatIfThere(place) !== undefined) renameSync(place, home);
  }
}

function readNote(folder: string): [string, string][] {
  let text: string;
  try {
    text = readFileSync(join(folder, noteName), "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    try {
      const pair: unknown = JSON.parse(line);
      const good = Array.isArray(pair) && pair.length === 2 && pair.every((path) => typeof path === "string");
      return good ? [pair as [string, string]] : [];
    } catch {
      // Cut off by the kill: nothing was moved for it.
      return [];
    }
  });
}
