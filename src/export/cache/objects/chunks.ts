import type { Bytes } from "../../../kit/index.ts";

/** A part of an object, to be sent by itself. */
export interface Chunk {
  readonly index: number;
  readonly offset: number;
  readonly bytes: Buffer;
}

/** The bytes in parts of that many; the last may be shorter. */
export async function* chunksOf(source: Bytes, size: number): AsyncGenerator<Chunk> {
  let index = 0;
  let parts: Uint8Array[] = [];
  let gathered = 0;
  const take = (): Chunk => {
    const bytes = Buffer.concat(parts);
    const chunk = { index, offset: index * size, bytes };
    [parts, gathered, index] = [[], 0, index + 1];
    return chunk;
  };
  for await (const piece of source) {
    for (let at = 0; at < piece.byteLength; ) {
      // Copied: the piece may be written over when the next one is asked for.
      const part = Buffer.from(piece.subarray(at, at + size - gathered));
      parts.push(part);
      gathered += part.byteLength;
      at += part.byteLength;
      if (gathered === size) yield take();
    }
  }
  if (gathered > 0) yield take();
}

/** Calls `send` with each chunk, so many at once. The first failure ends it, when those that were begun have ended. */
export async function sendChunks(
  chunks: AsyncGenerator<Chunk>,
  atOnce: number,
  send: (chunk: Chunk) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const begin = (chunk: Chunk) => {
    const one: Promise<void> = send(chunk)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => running.delete(one));
    running.add(one);
  };
  try {
    for await (const chunk of chunks) {
      begin(chunk);
      if (running.size >= atOnce) await Promise.race(running);
      if (failure !== undefined) break;
    }
  } finally {
    await Promise.all(running);
  }
  if (failure !== undefined) throw failure.error;
}
