import { CooperError } from "./error.ts";

/** A stream of byte chunks. Whoever iterates it must finish it or call `return()` (a `for await` does both). */
export type Bytes = AsyncIterable<Uint8Array>;

/** All bytes of a stream in one buffer. Throws `kit/too-large` past `limit`: no reader is unbounded. */
export async function collect(source: Bytes, limit: number, what = "stream"): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.byteLength;
    if (size > limit) throw new CooperError("kit/too-large", `cannot read ${what}: more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** The given chunks as a stream. */
export async function* bytesOf(...chunks: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
