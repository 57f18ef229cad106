/** So many at once, and then so many a second: for what costs the peer less than us. */
export class Allowance {
  readonly #most: number;
  readonly #perSecond: number;
  #left: number;
  #since = performance.now();

  constructor(most: number, perSecond: number) {
    this.#most = most;
    this.#perSecond = perSecond;
    this.#left = most;
  }

  /** Takes one; false when none is left. */
  take(): boolean {
    if (this.#left < 1) {
      const now = performance.now();
      this.#left = Math.min(this.#most, this.#left + ((now - this.#since) / 1000) * this.#perSecond);
      this.#since = now;
    }
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
