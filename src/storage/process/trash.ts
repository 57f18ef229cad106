import { randomBytes } from "node:crypto";
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, type Log, messageOf } from "../../kit/index.ts";
import { removeTree } from "../files/remove-tree.ts";
import type { Layout } from "../layout.ts";

/** Short builds end before this, and leave the trash of the dead to a longer one. */
const idleBeforeEmptying = 250;

/**
 * Where trees go that nobody needs any more: a rename takes them away at once, and they are removed in the background.
 * What is still there after a kill is removed by a later opening.
 */
export class Trash {
  readonly #layout: Layout;
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(layout: Layout, log: Log) {
    this.#layout = layout;
    this.#log = log;
  }

  /** Takes `path` away, and starts to remove it. No error when it is not there. */
  discard(path: string): void {
    const target = this.take(path);
    if (target !== undefined) this.#remove(target, undefined);
  }

  /** Takes `path` away only; its new place, or undefined when it was not there. */
  take(path: string, into = this.#layout.trash): string | undefined {
    const target = join(into, randomBytes(8).toString("hex"));
    try {
      renameSync(path, target);
      return target;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Removes what dead processes left, when this one has lived for a while. */
  emptySoon(): void {
    if (readdirSync(this.#layout.trash).length === 0) return;
    this.#timer = setTimeout(() => {
      for (const name of readdirSync(this.#layout.trash)) {
        this.#remove(join(this.#layout.trash, name), this.#stop.signal);
      }
    }, idleBeforeEmptying);
    this.#timer.unref();
  }

  /** Ends when all that this process discarded is gone. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  #remove(path: string, signal: AbortSignal | undefined): void {
    const removal = removeTree(path, signal)
      .then(() => {})
      .catch((error: unknown) => this.#log(`cannot remove ${path}: ${messageOf(error)}`))
      .finally(() => this.#running.delete(removal));
    this.#running.add(removal);
  }
}
