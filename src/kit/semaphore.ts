import { raceSignal } from "./scope.ts";

/** At most `slots` pieces of work at once, first come first served. */
export class Semaphore {
  #free: number;
  readonly #waiting: { wake: () => void }[] = [];
  constructor(slots: number) {
    this.#free = slots;
  }

  /** Waits for a slot, runs `work`, gives the slot back. Rejects with the signal's reason when aborted while waiting. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#acquire(signal);
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  async #acquire(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    const entry = { wake: () => {} };
    const turn = new Promise<void>((resolve) => {
      entry.wake = resolve;
    });
    this.#waiting.push(entry);
    try {
      await raceSignal(turn, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(entry);
      if (at >= 0) this.#waiting.splice(at, 1);
      else this.#release();
      throw error;
    }
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next.wake();
  }
}
