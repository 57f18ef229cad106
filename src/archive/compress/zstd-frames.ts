/** What the next bytes of a zstd stream are. The rest of a frame's header counts as content before the first block. */
interface Part {
  readonly kind: "magic" | "frameHeader" | "skippableSize" | "block" | "content" | "checksum" | "skippable";
  readonly size: number;
}

/**
 * Follows the frames of a zstd stream without decompressing it (RFC 8878, section 3), because Node's decompressor takes an input that
 * is cut short for whole.
 */
export class ZstdFrames {
  #part: Part = { kind: "magic", size: 4 };
  #left = 4;
  readonly #header = Buffer.alloc(16);
  #headerBytes = 0;
  #lastBlock = false;
  #checksum = false;
  #damaged = false;

  /** True when what came so far is a number of whole frames. */
  get complete(): boolean {
    return !this.#damaged && this.#part.kind === "magic" && this.#headerBytes === 0;
  }

  write(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength && !this.#damaged; ) {
      const taken = Math.min(this.#left, chunk.byteLength - at);
      if (isHeader(this.#part)) {
        this.#header.set(chunk.subarray(at, at + taken), this.#headerBytes);
        this.#headerBytes += taken;
      }
      at += taken;
      this.#left -= taken;
      while (this.#left === 0 && !this.#damaged) this.#next();
    }
  }

  /** A part is over: what follows. */
  #next(): void {
    const { kind } = this.#part;
    if (kind === "magic") this.#afterMagic(this.#header.readUInt32LE(0));
    else if (kind === "frameHeader") this.#afterFrameHeader();
    else if (kind === "block") this.#afterBlockHeader(this.#header.readUIntLE(0, 3));
    else if (kind === "skippableSize") this.#begin({ kind: "skippable", size: this.#header.readUInt32LE(0) });
    else if (kind === "content" && !this.#lastBlock) this.#begin({ kind: "block", size: 3 });
    else if (kind === "content" && this.#checksum) this.#begin({ kind: "checksum", size: 4 });
    else this.#begin({ kind: "magic", size: 4 });
  }

  #afterMagic(magic: number): void {
    if (magic === 0xfd2fb528) this.#begin({ kind: "frameHeader", size: 1 });
    else if (magic >>> 4 === 0x184d2a5) this.#begin({ kind: "skippableSize", size: 4 });
    else this.#damaged = true;
  }

  /** The first byte tells how long the header is. */
  #afterFrameHeader(): void {
    const descriptor = this.#header[0] as number;
    const single = (descriptor & 0x20) !== 0;
    const contentSize = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
    const dictionary = [0, 1, 2, 4][descriptor & 3] as number;
    const more = (single ? 0 : 1) + dictionary + contentSize;
    this.#checksum = (descriptor & 4) !== 0;
    this.#lastBlock = false;
    this.#begin(more === 0 ? { kind: "block", size: 3 } : { kind: "content", size: more });
  }

  #afterBlockHeader(header: number): void {
    const type = (header >> 1) & 3;
    this.#lastBlock = (header & 1) === 1;
    if (type === 3) this.#damaged = true;
    else this.#begin({ kind: "content", size: type === 1 ? 1 : header >> 3 });
  }

  #begin(part: Part): void {
    this.#part = part;
    this.#left = part.size;
    this.#headerBytes = 0;
  }
}

function isHeader(part: Part): boolean {
  return part.kind === "magic" || part.kind === "frameHeader" || part.kind === "skippableSize" || part.kind === "block";
}
