import { closeSync, openSync } from "node:fs";
import { sleep } from "../kit/index.ts";
import { tryFlock } from "../sys/index.ts";
import type { LentFolder } from "./contract.ts";

/** How often a lock is asked for that others hold for a moment only, in milliseconds. */
const pause = 1;

/** Marks a kept folder as used while nobody takes one away: whoever does looks at the marks first (`ifNoneComes`). */
export async function whileNoneGoes(kept: string, mark: () => void): Promise<void> {
  for (;;) {
    const file = openSync(kept, "r");
    try {
      if (tryFlock(file, "shared")) return mark();
    } finally {
      closeSync(file);
    }
    await sleep(pause);
  }
}

/** Takes a kept folder away while nobody marks one. False when somebody does: another time will do. */
export function ifNoneComes(kept: string, take: () => boolean): boolean {
  const file = openSync(kept, "r");
  try {
    return tryFlock(file) && take();
  } finally {
    closeSync(file);
  }
}

/** The folder, locked until disposal; undefined when somebody else has it. */
export function lendIfFree(path: string): LentFolder | undefined {
  const lock = openSync(path, "r");
  try {
    if (tryFlock(lock)) return { path, [Symbol.dispose]: () => closeSync(lock) };
  } catch (error) {
    closeSync(lock);
    throw error;
  }
  closeSync(lock);
  return undefined;
}
