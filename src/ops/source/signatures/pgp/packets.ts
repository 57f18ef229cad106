import { CooperError } from "../../../../kit/index.ts";
import { code } from "./armor.ts";

/** A packet of OpenPGP (RFC 9580, 4). */
export interface Packet {
  readonly tag: number;
  readonly body: Buffer;
}

/** Reads bytes in order. Throws `ops/bad-signature` at their end. */
export class Cursor {
  readonly #bytes: Buffer;
  #at = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  get rest(): number {
    return this.#bytes.length - this.#at;
  }
  take(length: number): Buffer {
    if (length > this.rest) throw new CooperError(code, "OpenPGP data ends early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
  number(bytes: number): number {
    return this.take(bytes).readUIntBE(0, bytes);
  }
  /** A number of any size, without leading zeroes. */
  integer(): Buffer {
    return this.take(Math.ceil(this.number(2) / 8));
  }
}

export function packetsOf(bytes: Buffer): readonly Packet[] {
  const cursor = new Cursor(bytes);
  const packets: Packet[] = [];
  while (cursor.rest > 0) {
    const head = cursor.number(1);
    if ((head & 0x80) === 0) throw new CooperError(code, "invalid OpenPGP packet");
    const isNew = (head & 0x40) !== 0;
    const tag = isNew ? head & 0x3f : (head >> 2) & 0xf;
    packets.push({ tag, body: cursor.take(isNew ? newLength(cursor) : oldLength(cursor, head & 3)) });
  }
  return packets;
}

/** Also that of a subpacket. Partial lengths are for data, which has no place here. */
export function newLength(cursor: Cursor): number {
  const first = cursor.number(1);
  if (first < 192) return first;
  if (first < 224) return (first - 192) * 256 + cursor.number(1) + 192;
  if (first === 255) return cursor.number(4);
  throw new CooperError(code, "OpenPGP packet of no stated length");
}

function oldLength(cursor: Cursor, type: number): number {
  if (type === 3) throw new CooperError(code, "OpenPGP packet of no stated length");
  return cursor.number(2 ** type);
}
