import { raceSignal } from "../kit/index.ts";

/** One flight per key: its leader works, others wait for the outcome. */
export class Flights<T> {
  readonly #running = new Map<string, { readonly outcome: Promise<T>; readonly leader: AbortSignal }>();

  /**
   * Runs `work` unless it runs already. `led` tells whether this call's own work made the value. When the leader's job was
   * cancelled, one of those who waited works in its place; a cancelled caller stops waiting at once.
   */
  async run(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<{ value: T; led: boolean }> {
    for (;;) {
      signal.throwIfAborted();
      const running = this.#running.get(key);
      if (running === undefined) return { value: await this.#lead(key, signal, work), led: true };
      try {
        return { value: await raceSignal(running.outcome, signal), led: false };
      } catch (error) {
        if (signal.aborted || !running.leader.aborted) throw error;
      }
    }
  }

  async #lead(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const outcome = work();
    this.#running.set(key, { outcome, leader: signal });
    try {
      return await outcome;
    } finally {
      this.#running.delete(key);
    }
  }
}
