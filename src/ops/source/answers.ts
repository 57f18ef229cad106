import type { Scope } from "../../kit/index.ts";
import type { FoundRef } from "./git/refs.ts";
import type { Download } from "./http/download.ts";

/**
 * What the world answered, by question. One answer per question: who asks the same meanwhile waits for it. A failure is
 * neither kept nor shared, for it may be another's cancellation: whoever waited asks on its own.
 */
export class Answers<T> {
  readonly #known = new Map<string, Promise<T>>();

  async once(question: string, scope: Scope, ask: () => Promise<T>): Promise<T> {
    const known = this.#known.get(question);
    if (known !== undefined) {
      try {
        return await known;
      } catch (error) {
        if (scope.signal.aborted) throw error;
      }
    }
    const asked = ask();
    this.#known.set(question, asked);
    try {
      return await asked;
    } catch (error) {
      if (this.#known.get(question) === asked) this.#known.delete(question);
      throw error;
    }
  }
}

/**
 * One build's memory of its sources: make one per job. A URL or a branch means one thing in one build, whatever changes at
 * the server meanwhile.
 */
export class SourceAnswers {
  readonly downloads = new Answers<Download>();
  readonly gitRefs = new Answers<FoundRef>();
}
