import type { Bytes } from "../../kit/index.ts";

/**
 * `work` on each chunk, up to `lanes` at once, results in the chunks' order. Nothing is left running when it ends, also when
 * the consumer stops early or something fails. So at most `lanes` chunks and results are in memory.
 */
export async function* mapOrdered<T>(
  source: Bytes,
  lanes: number,
  work: (chunk: Uint8Array, index: number) => Promise<T>,
): AsyncGenerator<T> {
  const running: Promise<T>[] = [];
  let index = 0;
  try {
    for await (const chunk of source) {
      const task = work(chunk, index++);
      task.catch(() => {});
      running.push(task);
      if (running.length >= lanes) yield await (running.shift() as Promise<T>);
    }
    while (running.length > 0) yield await (running.shift() as Promise<T>);
  } finally {
    await Promise.allSettled(running);
  }
}

/** Reads ahead: up to `count` items are waiting while the consumer works on one. */
export async function* ahead<T>(source: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const waiting: Promise<IteratorResult<T>>[] = [];
  const ask = () => {
    const item = iterator.next();
    item.catch(() => {});
    waiting.push(item);
  };
  try {
    for (let asked = 0; asked < count; asked++) ask();
    for (;;) {
      const item = await (waiting.shift() as Promise<IteratorResult<T>>);
      if (item.done === true) return;
      ask();
      yield item.value;
    }
  } finally {
    await Promise.allSettled(waiting);
    await iterator.return?.();
  }
}

/**
 * The same bytes in chunks of exactly `size` (the last is shorter). A chunk that has that size already is passed on as it is.
 * `take` gives a buffer of `size` to fill, `copied` hears of chunks that were copied to such and are not needed any more.
 */
export async function* rechunk(
  source: Bytes,
  size: number,
  take: () => Buffer<ArrayBuffer> = () => Buffer.allocUnsafeSlow(size),
  copied: (chunk: Uint8Array) => void = () => {},
): AsyncGenerator<Uint8Array> {
  let buffer = Buffer.alloc(0);
  let used = 0;
  for await (const chunk of source) {
    if (used === 0 && chunk.byteLength === size) {
      yield chunk;
      continue;
    }
    for (let at = 0; at < chunk.byteLength; ) {
      if (used === 0) buffer = take();
      const taken = Math.min(size - used, chunk.byteLength - at);
      buffer.set(chunk.subarray(at, at + taken), used);
      at += taken;
      used += taken;
      if (used < size) continue;
      yield buffer;
      used = 0;
    }
    copied(chunk);
  }
  if (used > 0) yield buffer.subarray(0, used);
}
