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

/** Like `once`, for each index; the first argument of the first call counts. */
export function oncePer<A, T>(
  make: (argument: A, index: number) => Promise<T>,
): (argument: A, index: number) => Promise<T> {
  const made = new Map<number, Promise<T>>();
  return (argument, index) => {
    const known = made.get(index);
    if (known !== undefined) return known;
    const promise = make(argument, index);
    made.set(index, promise);
    return promise;
  };
}
