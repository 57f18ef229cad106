import type { Bytes, Scope } from "../../kit/index.ts";
import { createPoolHasher, type PoolHasher } from "../../sys/index.ts";
import type { CompressionChoice, PackedLayer } from "../contract.ts";
import type { Buffers } from "./buffers.ts";
import { compress } from "./compress.ts";

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
  const [inner, outer] = [new Counter(), new Counter()];
  try {
    const plain = choice.kind === "uncompressed";
    const done = (chunk: Uint8Array) => inner.afterwards(() => pieces?.give(chunk));
    const output = plain ? tar : compress(inner.watch(tar), choice, scope, pieces && { pieces, done });
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

/** A size and a hash; the hash may lag behind by one chunk while others are already being compressed. */
class Counter {
  readonly #hasher: PoolHasher = createPoolHasher();
  #size = 0;
  #last: Promise<void> = Promise.resolve();

  add(chunk: Uint8Array): Promise<void> {
    this.#size += chunk.byteLength;
    this.#last = this.#last.then(() => this.#hasher.update(chunk));
    return this.#last;
  }

  /** Passes chunks on while they are hashed; waits only when the hash is a whole chunk behind. */
  async *watch(source: Bytes): AsyncGenerator<Uint8Array> {
    let before: Promise<void> = Promise.resolve();
    for await (const chunk of source) {
      await before;
      before = this.add(chunk);
      yield chunk;
    }
  }

  /** When all that was added so far is hashed. */
  afterwards(work: () => void): void {
    void this.#last.then(work, () => {});
  }

  async finish(): Promise<Pick<PackedLayer, "digest" | "size">> {
    await this.#last;
    return { digest: this.#hasher.finish(), size: this.#size };
  }

  async dispose(): Promise<void> {
    await this.#last.catch(() => {});
    this.#hasher.dispose();
  }
}
