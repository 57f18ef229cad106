import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Scope, Semaphore, sha256, sleep, splitDigest } from "../kit/index.ts";
import { isStill, tryFlock } from "../sys/index.ts";
import { told } from "./errors.ts";

/** Waiting for another process: quick at first, then ten times a second. Whoever asks at the right moment is next: there is no queue between processes. */
const firstPause = 2;
const longestPause = 100;

/** Named locks over all processes that have the root open: flock on files of locks/, which the kernel ends with the holder. */
export class Exclusive {
  readonly #folder: string;
  /** Within this process callers queue up, so that they do not poll each other. */
  readonly #queues = new Map<string, { readonly turn: Semaphore; users: number }>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async run<T>(name: string, scope: Scope, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(name) ?? { turn: new Semaphore(1), users: 0 };
    this.#queues.set(name, queue);
    queue.users++;
    try {
      return await queue.turn.run(scope.signal, () => this.#runLocked(name, scope, work));
    } finally {
      if (--queue.users === 0) this.#queues.delete(name);
    }
  }

  async #runLocked<T>(name: string, scope: Scope, work: () => Promise<T>): Promise<T> {
    const path = join(this.#folder, splitDigest(sha256(name)).hex.slice(0, 32));
    const file = await told(`lock ${JSON.stringify(name)}`, () => acquire(path, scope.signal));
    try {
      return await work();
    } finally {
      // While the lock is held: whoever waits on this file sees that it is gone and makes a new one.
      rmSync(path, { force: true });
      closeSync(file);
    }
  }
}

async function acquire(path: string, signal: AbortSignal): Promise<number> {
  for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
    signal.throwIfAborted();
    const file = openSync(path, "a", 0o600);
    try {
      // The last holder may have removed the file between our opening and locking it.
      if (tryFlock(file) && isStill(path, file)) return file;
    } catch (error) {
      closeSync(file);
      throw error;
    }
    closeSync(file);
    await sleep(pause, signal);
  }
}
