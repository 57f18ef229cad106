/** A view redraws at most this often, in milliseconds, whatever comes in. */
const shortestPause = 100;
/** After this long without news a view redraws anyway, in milliseconds. */
export const longestPause = 150;

/** Decides when a view that gathers news redraws. */
export class Pace {
  readonly #shortest: number;
  #last: number | undefined;

  constructor(shortest = shortestPause) {
    this.#shortest = shortest;
  }

  /** True when news that comes now may be shown at once. */
  allows(now: number): boolean {
    if (this.#last !== undefined && now - this.#last < this.#shortest) return false;
    this.#last = now;
    return true;
  }
}
