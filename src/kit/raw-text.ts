import { isUtf8 } from "node:buffer";

/** What Node makes of bytes that are no UTF-8. */
const replacement = "\ufffd";

/**
 * Text of bytes that may not be UTF-8, without loss: a byte that belongs to no character becomes the lone surrogate U+DC80 to
 * U+DCFF that ends in it (Python's PEP 383), which no UTF-8 decodes to. Where loss does not matter, `toWellFormed()` makes
 * U+FFFD of it, as every encoder does. `start` and `end`: of the part of the bytes that is meant.
 */
export function decodeRaw(bytes: Uint8Array, start = 0, end = bytes.byteLength): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString("utf8", start, end);
  return text.includes(replacement) ? decodeByteByByte(buffer.subarray(start, end)) : text;
}

/** The bytes that `decodeRaw` made the text of; of any other text its UTF-8. */
export function encodeRaw(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  const parts = text.split(/([\udc80-\udcff])/u);
  return Buffer.concat(
    parts.map((part, at) => (at % 2 === 0 ? Buffer.from(part) : Buffer.of(part.charCodeAt(0) & 0xff))),
  );
}

/** The text itself where it means its UTF-8, else its bytes: for all that takes either (files, hashes), at no cost for ordinary text. */
export function rawBytes(text: string): string | Buffer {
  return text.isWellFormed() ? text : encodeRaw(text);
}

/** Compares texts by their bytes, as Go does. UTF-16, JavaScript's order, differs above U+D7FF. */
export function compareRaw(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(encodeRaw(a), encodeRaw(b));
}

/** Sorts names by their bytes, which is also UTF-16 order unless a character beyond U+D7FF is there. */
export function sortNames(names: string[]): string[] {
  if (names.every((name) => !/[\ud800-\uffff]/.test(name))) return names.sort();
  return names.sort(compareRaw);
}

function decodeByteByByte(buffer: Buffer): string {
  let text = "";
  let start = 0;
  for (let at = 0; at < buffer.length; ) {
    const length = characterLength(buffer, at);
    if (length > 0) {
      at += length;
      continue;
    }
    text += buffer.toString("utf8", start, at) + String.fromCharCode(0xdc00 + (buffer[at] ?? 0));
    start = ++at;
  }
  return text + buffer.toString("utf8", start);
}

/** Bytes of the character that begins at `at`; 0 when none does. */
function characterLength(buffer: Buffer, at: number): number {
  const first = buffer[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  return length > 0 && isUtf8(buffer.subarray(at, at + length)) && at + length <= buffer.length ? length : 0;
}
