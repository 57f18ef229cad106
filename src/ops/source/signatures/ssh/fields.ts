import { CooperError } from "../../../../kit/index.ts";
import { code } from "../pgp/armor.ts";

/** Reads SSH's data types in order (RFC 4251, 5). Throws `ops/bad-signature` at their end. */
export class Fields {
  readonly #bytes: Buffer;
  #at = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  get rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }
  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw new CooperError(code, "ssh: short read");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
  number(): number {
    return this.take(4).readUInt32BE(0);
  }
  bytes(): Buffer {
    return this.take(this.number());
  }
  text(): string {
    return this.bytes().toString();
  }
  /** A number of any size, without leading zeroes. */
  integer(): Buffer {
    const bytes = this.bytes();
    const first = bytes.findIndex((byte) => byte !== 0);
    return first < 0 ? Buffer.alloc(0) : bytes.subarray(first);
  }
}

/** As SSH writes bytes: their length before them. */
export function field(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length, 0);
  return Buffer.concat([length, bytes]);
}
