import type { Bytes } from "../../../kit/index.ts";

/** A stream that passes through: its reader may stop early, the rest is drained afterwards. */
export interface PassingBytes {
  /** May be read by one reader, which does not close the source by stopping. */
  readonly bytes: Bytes;
  /** Reads what nobody read. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** `see` gets each chunk once, before the reader does. */
export function unclosed(source: Bytes, see: (chunk: Uint8Array) => void | Promise<void>): PassingBytes {
  const iterator = source[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const step = await iterator.next();
    if (!step.done) await see(step.value);
    return step;
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
