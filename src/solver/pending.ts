/** Promises that were begun and must be over before their owner may go. */
export class Pending {
  readonly #running = new Set<Promise<unknown>>();

  /** Remembers the promise until it settles; its rejection counts as seen. */
  add<T>(promise: Promise<T>): Promise<T> {
    this.#running.add(promise);
    const done = () => {
      this.#running.delete(promise);
    };
    promise.then(done, done);
    return promise;
  }

  /** Resolves when nothing is running any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}

/** Calls `make` at the first call, and returns that promise ever after. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
