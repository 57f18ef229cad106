import { closeSync, readSync } from "node:fs";
import { type Bytes, CooperError, errnoOf, openSync, type Scope } from "../../kit/index.ts";
import { Buffers } from "../compress/buffers.ts";
import type { TarSource } from "../contract.ts";
import { padding } from "./block.ts";
import { encodeTarHeader, tarEnd } from "./write-header.ts";

/** Size of the pieces that `tarStream` gives out (the last is shorter): what `compress` takes without copying. */
export const pieceSize = 1024 * 1024;

/** Memory for the pieces of one stream, to be used again by whoever takes them: see `packLayer`. */
export const pieceBuffers = (): Buffers => new Buffers(pieceSize);

/**
 * The tar of these entries, in pieces of `pieceSize` bytes. Files are read as their turn comes; one that is shorter than its header
 * says is an error (`archive/changed`), a longer one is cut. Ends with the scope. `buffers`: where to take pieces from, of `pieceSize`.
 */
export async function* tarStream(
  entries: Iterable<TarSource> | AsyncIterable<TarSource>,
  scope: Pick<Scope, "signal">,
  buffers: Pick<Buffers, "take"> = { take: () => Buffer.allocUnsafeSlow(pieceSize) },
): AsyncGenerator<Uint8Array, void> {
  const pieces = new Pieces(buffers);
  for await (const entry of syncOrAsync(entries)) {
    pieces.push(encodeTarHeader(entry.header));
    if (entry.header.size > 0) {
      for await (const _ of copyBody(entry, pieces)) {
        scope.signal.throwIfAborted();
        yield* pieces.take();
      }
      pieces.push(tarEnd.subarray(0, padding(entry.header.size)));
    }
    if (pieces.ready) {
      scope.signal.throwIfAborted();
      yield* pieces.take();
    }
  }
  pieces.push(tarEnd);
  yield* pieces.take();
  yield* pieces.rest();
}

/** A `for await` over a plain iterable would wait a turn for every item. */
async function* syncOrAsync<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* items;
}

/** Copies a body into the pieces and yields whenever some are full. */
function copyBody(entry: TarSource, pieces: Pieces): Iterable<void> | AsyncIterable<void> {
  const { body, header } = entry;
  if (body === undefined) throw changed(header.name);
  if ("file" in body) return copyFile(body.file, header.size, pieces);
  if ("bytes" in body) {
    if (body.bytes.byteLength !== header.size) throw changed(header.name);
    pieces.push(body.bytes);
    return [undefined];
  }
  return copyStream(body.stream, header.size, header.name, pieces);
}

async function* copyStream(stream: Bytes, size: number, name: string, pieces: Pieces): AsyncGenerator<void> {
  let left = size;
  for await (const chunk of stream) {
    left -= chunk.byteLength;
    if (left < 0) throw changed(name);
    pieces.push(chunk);
    yield;
  }
  if (left > 0) throw changed(name);
}

function* copyFile(path: string, size: number, pieces: Pieces): Generator<void> {
  const file = openFile(path);
  try {
    for (let left = size; left > 0; ) {
      const read = pieces.fill(left, (buffer, offset, length) => readSync(file, buffer, offset, length, null));
      if (read === 0) throw changed(path);
      left -= read;
      if (pieces.ready) yield;
    }
  } finally {
    closeSync(file);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw errnoOf(cause) === "ENOENT" ? changed(path, cause) : cause;
  }
}

function changed(path: string, cause?: unknown): CooperError {
  return new CooperError("archive/changed", `cannot archive ${JSON.stringify(path)}: it changed while it was read`, {
    cause,
  });
}

/** Bytes gathered in buffers of one size. */
class Pieces {
  readonly #buffers: Pick<Buffers, "take">;
  #full: Uint8Array[] = [];
  #buffer: Buffer;
  #used = 0;

  constructor(buffers: Pick<Buffers, "take">) {
    this.#buffers = buffers;
    this.#buffer = buffers.take();
  }

  get ready(): boolean {
    return this.#full.length > 0;
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength; ) {
      at += this.fill(bytes.byteLength - at, (buffer, offset, length) => {
        buffer.set(at === 0 && length === bytes.byteLength ? bytes : bytes.subarray(at, at + length), offset);
        return length;
      });
    }
  }

  /** Lets `read` put at most `wanted` bytes into the buffer's free end; returns how many it did. */
  fill(wanted: number, read: (buffer: Buffer, offset: number, length: number) => number): number {
    const got = read(this.#buffer, this.#used, Math.min(wanted, pieceSize - this.#used));
    this.#used += got;
    if (this.#used === pieceSize) {
      this.#full.push(this.#buffer);
      this.#buffer = this.#buffers.take();
      this.#used = 0;
    }
    return got;
  }

  /** The full buffers; they are the caller's now. */
  take(): Uint8Array[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** What is in the last buffer. */
  rest(): Uint8Array[] {
    return this.#used === 0 ? [] : [this.#buffer.subarray(0, this.#used)];
  }
}
