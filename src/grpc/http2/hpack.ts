import { staticFields } from "./hpack-tables.ts";
import { decodeHuffman } from "./huffman.ts";
import { ErrorCode, Http2Error } from "./protocol.ts";

/** Header fields in their order; a name may come several times. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** Bytes of what a table keeps beside each field's texts, as RFC 7541, section 4.1 counts. */
const fieldOverhead = 32;
/** Of the table that we keep: HTTP/2's default, which we leave as it is. */
const tableLimit = 4096;

export interface HeaderLimits {
  /** Of all names and values, with 32 bytes for each field. */
  readonly bytes: number;
  readonly fields: number;
}

/** Decodes the header blocks of one connection, in the order in which they come (RFC 7541). */
export class HeaderDecoder {
  readonly #limits: HeaderLimits;
  /** The newest last. */
  readonly #table: (readonly [string, string])[] = [];
  #tableSize = 0;
  #tableMost = tableLimit;

  constructor(limits: HeaderLimits) {
    this.#limits = limits;
  }

  /** Throws `Http2Error` for what is no header block, and for one above the limits: the connection cannot go on after either. */
  decode(block: Uint8Array): HeaderList {
    const input = new BlockReader(block);
    const list: (readonly [string, string])[] = [];
    let size = 0;
    while (!input.done) {
      const field = this.#field(input, list.length === 0);
      if (field === undefined) continue;
      size += sizeOf(field);
      if (size > this.#limits.bytes || list.length >= this.#limits.fields) {
        throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "header list above the limit");
      }
      list.push(field);
    }
    return list;
  }

  /** Undefined: a change of the table's size, which may only come first. */
  #field(input: BlockReader, first: boolean): readonly [string, string] | undefined {
    const byte = input.peek();
    if ((byte & 0x80) !== 0) return this.#at(input.integer(7));
    if ((byte & 0xe0) === 0x20) {
      if (!first) throw malformed();
      this.#resize(input.integer(5));
      return undefined;
    }
    const keep = (byte & 0x40) !== 0;
    const index = input.integer(keep ? 6 : 4);
    const name = index === 0 ? input.text() : this.#at(index)[0];
    const field = [name, input.text()] as const;
    if (keep) this.#keep(field);
    return field;
  }

  #at(index: number): readonly [string, string] {
    const field =
      index <= staticFields.length
        ? staticFields[index - 1]
        : this.#table[this.#table.length - (index - staticFields.length)];
    if (field === undefined) throw malformed();
    return field;
  }

  #keep(field: readonly [string, string]): void {
    this.#table.push(field);
    this.#tableSize += sizeOf(field);
    this.#shrink();
  }

  #resize(most: number): void {
    if (most > tableLimit) throw malformed();
    this.#tableMost = most;
    this.#shrink();
  }

  #shrink(): void {
    let gone = 0;
    for (; this.#tableSize > this.#tableMost; gone++) this.#tableSize -= sizeOf(this.#table[gone] as [string, string]);
    if (gone > 0) this.#table.splice(0, gone);
  }
}

function sizeOf([name, value]: readonly [string, string]): number {
  return name.length + value.length + fieldOverhead;
}

function malformed(): Http2Error {
  return new Http2Error(ErrorCode.COMPRESSION_ERROR, "malformed header block");
}

class BlockReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.byteLength;
  }

  peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw malformed();
    return byte;
  }

  /** RFC 7541, section 5.1, with the first byte's low bits. No number that we need is above 2^28. */
  integer(bits: number): number {
    const most = (1 << bits) - 1;
    let value = this.peek() & most;
    this.#at++;
    if (value < most) return value;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.peek();
      this.#at++;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed();
  }

  text(): string {
    const packed = (this.peek() & 0x80) !== 0;
    const size = this.integer(7);
    if (size > this.#bytes.byteLength - this.#at) throw malformed();
    const bytes = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    if (!packed) return Buffer.from(bytes.buffer, bytes.byteOffset, size).toString("latin1");
    const text = decodeHuffman(bytes);
    if (text === undefined) throw malformed();
    return text;
  }
}

/** Numbers of static fields by `name` and by `name: value`. */
let numbers: ReadonlyMap<string, number> | undefined;

/**
 * A header block that changes nobody's table: fields as numbers where they have one, else as plain text, a character per byte.
 */
export function encodeHeaders(list: HeaderList): Buffer {
  numbers ??= new Map(
    staticFields
      .flatMap(([name, value], index) => [[`${name}: ${value}`, index + 1] as const, [name, index + 1] as const])
      // Of several fields with a name the first counts.
      .reverse(),
  );
  const parts: Buffer[] = [];
  for (const [name, value] of list) {
    const whole = value === "" ? undefined : numbers.get(`${name}: ${value}`);
    if (whole !== undefined) {
      parts.push(Buffer.from([0x80 | whole]));
      continue;
    }
    const known = numbers.get(name);
    if (known === undefined) parts.push(zero, ...encodedText(name));
    else parts.push(encodedInteger(known, 4));
    parts.push(...encodedText(value));
  }
  return Buffer.concat(parts);
}

const zero = Buffer.from([0]);

function encodedText(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text, "latin1");
  return [encodedInteger(bytes.byteLength, 7), bytes];
}

function encodedInteger(value: number, bits: number): Buffer {
  const most = (1 << bits) - 1;
  if (value < most) return Buffer.from([value]);
  const bytes = [most];
  let rest = value - most;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
