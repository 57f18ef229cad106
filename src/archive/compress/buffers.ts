/** Buffers of one size that are used again: fresh memory costs a page fault for every 4 KiB of it. */
export class Buffers {
  readonly size: number;
  readonly #free: Buffer<ArrayBuffer>[] = [];
  constructor(size: number) {
    this.size = size;
  }

  /** A buffer of the size, its content undefined. */
  take(): Buffer<ArrayBuffer> {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  /** Takes back a buffer, or a part of one, that nobody looks at any more. Memory from elsewhere is ignored. */
  give(part: Uint8Array): void {
    const { buffer } = part;
    if (buffer instanceof ArrayBuffer && buffer.byteLength === this.size) this.#free.push(Buffer.from(buffer));
  }
}
