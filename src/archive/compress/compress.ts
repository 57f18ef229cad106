import type { Bytes, Scope } from "../../kit/index.ts";
import type { CompressionChoice } from "../contract.ts";
import { type ChunkCompressor, gzipLanes } from "./gzip.ts";
import { mapOrdered, rechunk } from "./ordered.ts";
import { zstdLanes } from "./zstd.ts";

/** Bytes of input in one gzip member or zstd frame. Fixed, so that the output does not depend on the machine's cores. */
const chunkSizes = { gzip: 1024 * 1024, zstd: 4 * 1024 * 1024 } as const;
/** Chunks in work at once: enough for two cores, little memory. */
const lanes = 3;

/**
 * The compressed stream: gzip as several members, zstd as several frames, each made on a pool thread. The bytes depend on the input, the
 * choice and the libraries found, not on timing.
 */
export async function* compress(
  source: Bytes,
  choice: CompressionChoice,
  scope: Pick<Scope, "signal">,
): AsyncGenerator<Uint8Array> {
  if (choice.kind === "uncompressed") {
    yield* source;
    return;
  }
  const makeLane = choice.kind === "gzip" ? gzipLanes(choice.level) : zstdLanes(choice.level);
  const pool: ChunkCompressor[] = [];
  const work = async (chunk: Uint8Array, index: number): Promise<Uint8Array> => {
    scope.signal.throwIfAborted();
    // The lane is free: its chunk of `lanes` turns ago has been handed out.
    pool[index % lanes] ??= makeLane();
    return (pool[index % lanes] as ChunkCompressor)(chunk);
  };
  let empty = true;
  for await (const chunk of mapOrdered(rechunk(source, chunkSizes[choice.kind]), lanes, work)) {
    empty = false;
    yield chunk;
  }
  if (empty) yield await work(new Uint8Array(0), 0);
}
