import type { Bytes } from "../../kit/index.ts";
import { createPoolHasher, type PoolHasher } from "../../sys/index.ts";
import type { PackedLayer } from "../contract.ts";

/** A size and a hash; the hash may lag behind by one chunk while others are already being compressed. */
export class Counter {
  readonly #hasher: PoolHasher = createPoolHasher();
  #size = 0;
  #last: Promise<void> = Promise.resolve();

  get size(): number {
    return this.#size;
  }

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
