import { CooperError, decodeRaw } from "../../kit/index.ts";

/** Everything in a tar comes in blocks of this many bytes (POSIX.1-2017, pax, "ustar Interchange Format"). */
export const blockSize = 512;

/** Where the fields of a header block are: offset and length. */
export const field = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  userName: [265, 32],
  groupName: [297, 32],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const;
export type Field = readonly [offset: number, length: number];

/** Bytes from a body's end to the next block. */
export function padding(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

export function badTar(message: string): CooperError {
  return new CooperError("archive/bad-tar", `cannot read tar: ${message}`);
}

/** The sum of a header's bytes, its checksum field counted as blanks. */
export function checksumOf(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < 148; at++) sum += block[at] as number;
  for (let at = 156; at < blockSize; at++) sum += block[at] as number;
  return sum;
}

/** Text up to the first NUL or the field's end. */
export function textField(block: Buffer, [offset, length]: Field): string {
  let end = offset;
  let ascii = true;
  while (end < offset + length && block[end] !== 0) {
    if ((block[end++] as number) >= 0x80) ascii = false;
  }
  return ascii ? block.toString("latin1", offset, end) : decodeRaw(block, offset, end);
}

/** An octal number, or GNU's base 256 for what does not fit. Throws `archive/bad-tar`. */
export function numberField(block: Buffer, [offset, length]: Field): number {
  if (((block[offset] as number) & 0x80) !== 0) return base256(block.subarray(offset, offset + length));
  let at = offset;
  const end = offset + length;
  while (at < end && (block[at] === 0x20 || block[at] === 0)) at++;
  let value = 0;
  for (; at < end; at++) {
    const digit = (block[at] as number) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; at < end; at++) {
    if (block[at] !== 0x20 && block[at] !== 0) throw badTar("a number of a header is not octal");
  }
  return value;
}

/** Two's complement, big endian; the top bit of the first byte only marks the form. */
function base256(bytes: Uint8Array): number {
  const negative = ((bytes[0] as number) & 0x40) !== 0;
  let value = BigInt((bytes[0] as number) & 0x7f);
  for (const byte of bytes.subarray(1)) value = value * 256n + BigInt(byte);
  if (negative) value -= 1n << BigInt(bytes.length * 8 - 1);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw badTar("a number of a header is too large");
  return number;
}
