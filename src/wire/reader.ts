import { CooperError, decodeRaw } from "../kit/index.ts";

/** Walks over protobuf wire format without ever leaving its buffer. Every method throws `wire/malformed` on bad input. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.byteLength;
  }

  /** A field's number times eight, and its wire type. */
  tag(): number {
    const tag = this.number(0) >>> 0;
    if (tag >>> 3 === 0) throw malformed("field number 0");
    return tag;
  }

  /** A varint's low 32 bits, as a signed number. Most varints are small, and need no bigint. */
  number(wireType: number): number {
    if (wireType !== 0) throw malformed("unexpected wire type");
    const from = this.#at;
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return low;
    }
    this.#at = from;
    return Number(BigInt.asIntN(32, this.varint(0)));
  }

  varint(wireType: number): bigint {
    if (wireType !== 0) throw malformed("unexpected wire type");
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw malformed("varint of more than ten bytes");
  }

  /** Eight bytes, as they are in the buffer. */
  eight(wireType: number): DataView {
    if (wireType !== 1) throw malformed("unexpected wire type");
    const at = this.#at;
    this.#forward(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 8);
  }

  /** A view, not a copy. */
  bytes(wireType: number): Uint8Array {
    if (wireType !== 2) throw malformed("unexpected wire type");
    const size = this.#size();
    if (size > this.#bytes.byteLength - this.#at) throw malformed("length beyond the end");
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  string(wireType: number): string {
    const bytes = this.bytes(wireType);
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw new CooperError("wire/malformed", "cannot decode message: string field contains invalid UTF-8", { cause });
    }
  }

  /** Text that may be no UTF-8, as raw text (kit's raw-text.ts). */
  raw(wireType: number): string {
    return decodeRaw(this.bytes(wireType));
  }

  nested(wireType: number): Reader {
    return new Reader(this.bytes(wireType));
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint(0);
    else if (wireType === 2) this.bytes(2);
    else if (wireType === 1) this.#forward(8);
    else if (wireType === 5) this.#forward(4);
    else throw malformed(`wire type ${wireType}`);
  }

  #size(): number {
    const first = this.#bytes[this.#at];
    if (first === undefined || first > 0x7f) return Number(this.varint(0));
    this.#at++;
    return first;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw malformed("ends in the middle of a field");
    this.#at += 1;
    return byte;
  }

  #forward(size: number): void {
    if (size > this.#bytes.byteLength - this.#at) throw malformed("ends in the middle of a field");
    this.#at += size;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function malformed(what: string): CooperError {
  return new CooperError("wire/malformed", `cannot decode message: ${what}`);
}
