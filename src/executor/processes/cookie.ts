import { randomInt } from "node:crypto";

/** Resource RLIMIT_LOCKS: the kernel has not looked at it since Linux 2.4, children inherit it, and everybody may read it. */
export const cookieResource = 10;

/** Steps of one owner: 1, 2, … below this. */
const stepsPerOwner = 1_000_000;

/**
 * Marks the processes of steps where no pid namespace holds them: every process inherits its step's number as the limit on file locks
 * (`/proc/PID/limits`), whatever user it becomes and whoever its parent is by then. As decimal text a cookie begins with its owner's.
 */
export class StepCookies {
  /** What all cookies of this executor begin with: ten digits, so that a cookie is still a whole number in JSON. */
  readonly owner = String(randomInt(1_000_000_000, 8_999_999_999));
  #steps = 0;

  next(): string {
    this.#steps = (this.#steps + 1) % stepsPerOwner;
    return `${this.owner}${String(this.#steps).padStart(6, "0")}`;
  }
}
