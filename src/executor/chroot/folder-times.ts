import type { BigIntStats } from "node:fs";
import { lstatIfThere } from "../../kit/index.ts";
import { utimensat } from "../../sys/index.ts";

interface Watched {
  readonly before: BigIntStats;
  placed?: bigint | undefined;
}

/** Puts back the times of folders that changed only because something was put into them for a while. */
export class FolderTimes {
  readonly #folders = new Map<string, Watched>();

  /** Before anything is put into the folder. */
  watch(folder: string): void {
    const before = lstatIfThere(folder, { bigint: true });
    if (before !== undefined && !this.#folders.has(folder)) this.#folders.set(folder, { before });
  }

  /** All has been put in: later changes are the step's. */
  settle(): void {
    for (const [folder, watched] of this.#folders) watched.placed = mtimeOf(folder);
  }

  /** Forgets those that the step has changed. To be called before things are taken out. */
  ended(): void {
    for (const [folder, { placed }] of this.#folders) {
      if (placed === undefined || mtimeOf(folder) !== placed) this.#folders.delete(folder);
    }
  }

  /** All has been taken out. */
  restore(): void {
    for (const [folder, { before }] of this.#folders) {
      if (mtimeOf(folder) !== undefined) utimensat(folder, before.atimeNs, before.mtimeNs);
    }
  }
}

function mtimeOf(folder: string): bigint | undefined {
  return lstatIfThere(folder, { bigint: true })?.mtimeNs;
}
