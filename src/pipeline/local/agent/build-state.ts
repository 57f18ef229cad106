import type { Artifacts } from "./artifacts.ts";

export interface Annotation {
  readonly context: string;
  readonly style: string;
  body: string;
}

/** What jobs of one build tell each other through the agent. */
export class BuildState {
  readonly metaData = new Map<string, string>();
  readonly annotations = new Map<string, Annotation>();
  /** Attributes of steps that were changed, by step key or id, then name. */
  readonly attributes = new Map<string, Map<string, string>>();
  readonly artifacts: Artifacts;
  readonly locks = new Locks();
  constructor(artifacts: Artifacts) {
    this.artifacts = artifacts;
  }
}

/** Named locks; who waits for one gets it in turn. */
class Locks {
  readonly #values = new Map<string, string>();
  readonly #waiting = new Map<string, (() => void)[]>();
  #tokens = 0;

  get(key: string): string {
    return this.#values.get(key) ?? "";
  }

  /** Resolves with a token. */
  async acquire(key: string): Promise<string> {
    while (this.#values.has(key)) await this.#change(key);
    const token = `acquired(${++this.#tokens})`;
    this.#values.set(key, token);
    return token;
  }

  release(key: string, token: string): boolean {
    if (this.#values.get(key) !== token) return false;
    this.#values.delete(key);
    this.#wake(key);
    return true;
  }

  /** `do` for the first who asks, `done` for others once that one is done. */
  async begin(key: string): Promise<"do" | "done"> {
    for (;;) {
      const value = this.#values.get(key);
      if (value === "done") return "done";
      if (value === undefined) {
        this.#values.set(key, "doing");
        return "do";
      }
      await this.#change(key);
    }
  }

  finish(key: string): void {
    this.#values.set(key, "done");
    this.#wake(key);
  }

  #change(key: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), resolve]));
  }

  #wake(key: string): void {
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const wake of waiting) wake();
  }
}
