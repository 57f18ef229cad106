import { existsSync } from "node:fs";
import type { StepOutput } from "../contract.ts";

/** How often a held output looks whether the step has begun, in milliseconds. */
const pollInterval = 5;

/**
 * Holds back what a runtime that may not work here prints, until the step itself has begun (`startedFile` exists): the complaints of a
 * runtime that another one stands in for are not the step's output.
 */
export class HeldOutput {
  readonly #output: StepOutput;
  readonly #startedFile: string;
  #held: [1 | 2, Uint8Array][] | undefined = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(output: StepOutput, startedFile: string) {
    this.#output = output;
    this.#startedFile = startedFile;
  }

  write(stream: 1 | 2, chunk: Uint8Array): void {
    if (this.#held === undefined) {
      this.#output(stream, chunk);
      return;
    }
    this.#held.push([stream, chunk]);
    this.#releaseIfStarted();
  }

  /** Lets everything through, now and later. */
  release(): void {
    clearTimeout(this.#timer);
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [stream, chunk] of held) this.#output(stream, chunk);
  }

  /** Forgets what is held. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#held = [];
  }

  #releaseIfStarted(): void {
    clearTimeout(this.#timer);
    if (existsSync(this.#startedFile)) this.release();
    else this.#timer = setTimeout(() => this.#releaseIfStarted(), pollInterval);
  }
}
