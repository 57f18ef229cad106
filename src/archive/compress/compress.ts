import { type Bytes, bytesOf, type Scope } from "../../kit/index.ts";
import type { StreamChoice } from "../contract.ts";
import { Buffers } from "./buffers.ts";
import { gzipLanes, type Lane, type MakeLane } from "./gzip.ts";
import { mapOrdered, rechunk } from "./ordered.ts";
import { zstdLanes } from "./zstd.ts";

/** Bytes of input in one gzip member or zstd frame. Fixed, so that the output does not depend on the machine's cores. */
const chunkSizes = { gzip: 1024 * 1024, zstd: 4 * 1024 * 1024 } as const;
/** Chunks in work at once: enough for two cores, little memory. */
const lanes = 3;

/**
 * Memory that is used again. What V8 does not manage itself it counts, and looks through the whole heap each time that
 * some 60 MB of it came new: that took a sixth of an export's time.
 */
export interface Recycling {
  /** Where the source's chunks come from: it may take each again after `done`. */
  readonly pieces: Buffers;
  /** A chunk of the source that is not needed any more here. */
  done(chunk: Uint8Array): void;
}

/**
 * The compressed stream: gzip as several members, zstd as several frames, each made on a pool thread. The bytes depend on the input, the
 * choice and the libraries found, not on timing. With `recycling`, a chunk is good until the next one is asked for.
 */
export async function* compress(
  source: Bytes,
  choice: StreamChoice,
  scope: Pick<Scope, "signal">,
  recycling?: Recycling,
): AsyncGenerator<Uint8Array> {
  if (choice.kind === "uncompressed") {
    yield* source;
    return;
  }
  const makeLane = choice.kind === "gzip" ? gzipLanes(choice.level) : zstdLanes(choice.level);
  const chunks = new Chunks(chunkSizes[choice.kind], recycling);
  let empty = true;
  const done = (chunk: Uint8Array) => chunks.done(chunk);
  for await (const chunk of throughLanes(chunks.of(source), makeLane, scope, recycling !== undefined, done)) {
    empty = false;
    yield chunk;
  }
  if (empty) yield* throughLanes(bytesOf(new Uint8Array(0)), makeLane, scope);
}

/**
 * Each chunk compressed by itself, several at once, in their order. `reuse`: a result is good until the next one is asked for.
 * `done` hears of chunks that are not needed any more.
 */
export async function* throughLanes(
  source: Bytes,
  makeLane: MakeLane,
  scope: Pick<Scope, "signal">,
  reuse = false,
  done: (chunk: Uint8Array) => void = () => {},
): AsyncGenerator<Uint8Array> {
  const pool: Lane[] = [];
  const work = async (chunk: Uint8Array, index: number): Promise<Uint8Array> => {
    scope.signal.throwIfAborted();
    // The lane is free: its chunk of `lanes` turns ago has been handed out.
    const lane = pool[index % lanes] ?? makeLane(reuse ? sameOutput() : freshOutput);
    pool[index % lanes] = lane;
    const result = await lane.compress(chunk);
    done(chunk);
    return result;
  };
  try {
    yield* mapOrdered(source, lanes, work);
  } finally {
    for (const lane of pool) lane.close();
  }
}

const freshOutput = (size: number): Uint8Array => Buffer.allocUnsafeSlow(size);

/** One buffer for all results of a lane. */
function sameOutput(): (size: number) => Uint8Array {
  let output: Uint8Array | undefined;
  return (size) => {
    if (output === undefined || output.byteLength < size) output = freshOutput(size);
    return output;
  };
}

/** The source in chunks of one size, whose memory is used again when that is allowed. */
class Chunks {
  readonly #size: number;
  readonly #recycling: Recycling | undefined;
  /** Chunks put together of several pieces; undefined when a piece is a chunk. */
  readonly #own: Buffers | undefined;

  constructor(size: number, recycling: Recycling | undefined) {
    this.#size = size;
    this.#recycling = recycling;
    if (recycling?.pieces.size !== size) this.#own = new Buffers(size);
  }

  of(source: Bytes): Bytes {
    const take = () => (this.#own ?? this.#recycling?.pieces)?.take() ?? Buffer.allocUnsafeSlow(this.#size);
    if (this.#recycling === undefined) return rechunk(source, this.#size);
    return rechunk(source, this.#size, take, (piece) => this.#recycling?.done(piece));
  }

  done(chunk: Uint8Array): void {
    if (this.#recycling === undefined) return;
    if (this.#own === undefined) this.#recycling.done(chunk);
    else this.#own.give(chunk);
  }
}
