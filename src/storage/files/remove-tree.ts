import type { Dirent } from "node:fs";
import { chmodSync, errnoOf, lstatSync, readEntriesSync, rmdirSync, unlinkSync } from "../../kit/index.ts";

/** How long the event loop is held at a time. */
const slice = 10;

/**
 * Removes a folder with all it holds, a few milliseconds at a time. What is gone already is no error (two processes may
 * remove one tree). It never enters another file system: a mount that was left in the tree must not lose its files.
 * Stops early, without error, when the signal is aborted; true when everything is gone.
 */
export async function removeTree(path: string, signal?: AbortSignal): Promise<boolean> {
  let device: number;
  try {
    const stat = lstatSync(path);
    if (!stat.isDirectory()) {
      unlinkSync(path);
      return true;
    }
    device = stat.dev;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return true;
    throw error;
  }
  let sliceEnd = performance.now() + slice;
  for (const _ of removing(path, device)) {
    if (performance.now() < sliceEnd) continue;
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted === true) return false;
    sliceEnd = performance.now() + slice;
  }
  return true;
}

/** Yields after each removed entry. */
function* removing(folder: string, device: number): Generator<void> {
  for (const entry of entriesOf(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (lstatSync(path, { throwIfNoEntry: false })?.dev === device) yield* removing(path, device);
    } else {
      gone(() => unlinkSync(path), folder);
      yield;
    }
  }
  gone(() => rmdirSync(folder), folder);
  yield;
}

function entriesOf(folder: string): Dirent[] {
  let entries: Dirent[] = [];
  gone(() => {
    entries = readEntriesSync(folder);
  }, folder);
  return entries;
}

/** Without root's rights, a folder that its image made read-only must be opened first. */
function gone(remove: () => void, folder: string): void {
  try {
    remove();
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT") return;
    if (code !== "EACCES") throw error;
    chmodSync(folder, 0o700);
    remove();
  }
}
