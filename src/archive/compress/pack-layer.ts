import type { Bytes, Scope } from "../../kit/index.ts";
import type { CompressionChoice, PackedLayer } from "../contract.ts";
import type { Buffers } from "./buffers.ts";
import { compress } from "./compress.ts";
import { Counter } from "./counter.ts";

/**
 * Sends a layer's tar through: hash, compress, hash, `sink`. One pass, the hashes and the compressor on pool threads. `sink` is
 * awaited for each chunk (a blob writer's `write`); closing it is the caller's. Ends with the scope. With `pieces`, where the tar's
 * pieces come from, memory is used again: they go back there, and `sink` must not keep a chunk.
 */
export async function packLayer(
  tar: Bytes,
  choice: CompressionChoice,
  sink: (chunk: Uint8Array) => Promise<void> | void,
  scope: Pick<Scope, "signal">,
  pieces?: Buffers,
): Promise<PackedLayer> {
  const { kind, level } = choice;
  if (kind === "estargz") {
    const { packEstargz } = await import("../estargz/pack-estargz.ts");
    return await packEstargz(tar, level, sink, scope, pieces);
  }
  const [inner, outer] = [new Counter(), new Counter()];
  try {
    const plain = kind === "uncompressed";
    const done = (chunk: Uint8Array) => inner.afterwards(() => pieces?.give(chunk));
    const output = plain ? tar : compress(inner.watch(tar), { ...choice, kind }, scope, pieces && { pieces, done });
    for await (const chunk of output) {
      scope.signal.throwIfAborted();
      await Promise.all([outer.add(chunk), sink(chunk)]);
      if (plain) pieces?.give(chunk);
    }
    const blob = await outer.finish();
    const content = plain ? blob : await inner.finish();
    return { digest: blob.digest, size: blob.size, diffId: content.digest, tarSize: content.size };
  } finally {
    await Promise.all([inner.dispose(), outer.dispose()]);
  }
}
