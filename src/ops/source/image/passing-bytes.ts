import type { Bytes } from "../../../kit/index.ts";

/** A stream that passes through: its reader may stop early, the rest is drained afterwards. */
export interface PassingBytes {
  /** May be read by one reader, which does not close the source by stopping. */
  readonly bytes: Bytes;
  /** Reads what nobody read. Throws what broke the stream, also when its reader has heard of that already. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** `see` gets each chunk once, before the reader does. */
export function unclosed(source: Bytes, see: (chunk: Uint8Array) => void | Promise<void>): PassingBytes {
  const iterator = source[Symbol.asyncIterator]();
  let broken: { readonly reason: unknown } | undefined;
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    // A generator that has thrown just ends the next time: as if the bytes had come to a good end.
    if (broken !== undefined) throw broken.reason;
    try {
      const step = await iterator.next();
      if (!step.done) await see(step.value);
      return step;
    } catch (reason) {
      broken = { reason };
      throw reason;
    }
  };
  return {
    bytes: { [Symbol.asyncIterator]: () => ({ next }) },
    async drain() {
      while (!(await next()).done);
    },
    async close() {
      await iterator.return?.();
    },
  };
}
