import { randomBytes } from "node:crypto";

/** When a build began and ended, and its name for what is told of it. Milliseconds since 1970, with fractions. */
export class BuildClock {
  readonly started = Date.now();
  readonly #began = performance.now();
  #finished: number | undefined;
  #id: string | undefined;

  /** The moment when somebody first asked. */
  get finished(): number {
    this.#finished ??= this.started + (performance.now() - this.#began);
    return this.#finished;
  }

  /** 25 letters and digits, as upstream names builds. */
  get id(): string {
    this.#id ??= BigInt(`0x${randomBytes(17).toString("hex")}`)
      .toString(36)
      .padStart(25, "0")
      .slice(-25);
    return this.#id;
  }
}
