import { encodeRaw } from "../kit/index.ts";

/** Grows a buffer of protobuf wire format. Nested lengths are written after their content, which is then moved. */
export class Writer {
  #buffer = Buffer.allocUnsafe(256);
  #at = 0;

  tag(no: number, wireType: 0 | 1 | 2): void {
    this.varint((no << 3) | wireType);
  }

  /** A 32-bit value; negative ones are sign-extended to ten bytes, as protobuf wants. */
  varint(value: number): void {
    if (value < 0) {
      this.varint64(BigInt(value));
      return;
    }
    this.#room(5);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#at++] = rest;
  }

  varint64(value: bigint): void {
    if (value >= 0n && value <= 0x7fffffffn) {
      this.varint(Number(value));
      return;
    }
    this.#room(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#at++] = Number(rest);
  }

  fixed64(value: bigint): void {
    this.#room(8);
    this.#at = this.#buffer.writeBigUInt64LE(BigInt.asUintN(64, value), this.#at);
  }

  double(value: number): void {
    this.#room(8);
    this.#at = this.#buffer.writeDoubleLE(value, this.#at);
  }

  bytes(bytes: Uint8Array): void {
    this.varint(bytes.byteLength);
    this.#room(bytes.byteLength);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.byteLength;
  }

  /** As `bytes`, raw text (kit's raw-text.ts) as what it means. */
  raw(text: string): void {
    if (text.isWellFormed()) this.text(text);
    else this.bytes(encodeRaw(text));
  }

  /** As `bytes`, the text in UTF-8. */
  text(text: string): void {
    const size = Buffer.byteLength(text);
    this.varint(size);
    this.#room(size);
    this.#at += this.#buffer.write(text, this.#at);
  }

  /** What `write` writes, preceded by its length. */
  nested(write: () => void): void {
    const start = this.#at;
    write();
    const size = this.#at - start;
    if (size < 0x80) {
      // Most are short.
      this.#room(1);
      this.#buffer.copyWithin(start + 1, start, this.#at++);
      this.#buffer[start] = size;
      return;
    }
    this.varint(size);
    const head = Buffer.from(this.#buffer.subarray(start + size, this.#at));
    this.#buffer.copyWithin(start + head.byteLength, start, start + size);
    this.#buffer.set(head, start);
  }

  /** The bytes written. The writer must not be used again. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  #room(more: number): void {
    if (this.#at + more <= this.#buffer.byteLength) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.byteLength * 2, this.#at + more));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}
