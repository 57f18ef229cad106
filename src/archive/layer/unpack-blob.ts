import type { Bytes, Scope } from "../../kit/index.ts";
import { Buffers } from "../compress/buffers.ts";
import { decompressInto, outputSize } from "../compress/decompress.ts";
import { type AppliedLayer, type ApplyOptions, applyChunks } from "./apply-layer.ts";

/**
 * `applyLayer(decompress(blob))` in the fastest way: inflating, hashing and writing overlap, and memory is used again. The blob's own
 * digest is for whoever provides it; the caller compares `diffId`. Throws what the two throw.
 */
export async function unpackBlob(
  blob: Bytes,
  folder: string,
  options: ApplyOptions,
  scope: Scope,
): Promise<AppliedLayer> {
  const buffers = new Buffers(outputSize);
  return applyChunks(decompressInto(buffers, blob, scope), folder, options, scope, (chunk) => buffers.give(chunk));
}
