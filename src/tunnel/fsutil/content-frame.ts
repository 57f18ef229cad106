import { closeSync, readSync } from "node:fs";
import { fsutil } from "../../grpc/index.ts";
import { openSync } from "../../kit/index.ts";

/** A frame's head, and in front of the content: type, id, and the content's length. */
const frameHeadSize = 5;
const mostHead = frameHeadSize + 2 + 6 + 6;

/** What comes in front of a content of `size` bytes in its packet; 0 bytes end the file. Order and tags are those of `fsutil.Packet`. */
export function contentHead(id: number, size: number): Uint8Array {
  const head = Buffer.allocUnsafe(mostHead);
  return head.subarray(0, writeHead(head, 0, id, size));
}

/** The packet that ends a file, as gRPC frames it. */
export function contentFrame(id: number): Uint8Array {
  const frame = Buffer.allocUnsafe(mostHead);
  return frame.subarray(0, writeFrameHead(frame, 0, id, 0));
}

/**
 * A file's packets, framed, in one piece: its content, if it has one, and its end. Undefined when it is larger by now than `size`.
 * One that cannot be read is empty.
 */
export function smallFile(path: string, id: number, size: number): Uint8Array | undefined {
  const bytes = Buffer.allocUnsafe(mostHead + size + 1 + mostHead);
  const read = readInto(bytes, mostHead, size + 1, path);
  if (read > size) return undefined;
  let start = mostHead;
  if (read > 0) {
    const head = Buffer.allocUnsafe(mostHead);
    const length = writeFrameHead(head, 0, id, read);
    start -= length;
    head.copy(bytes, start, 0, length);
  }
  return bytes.subarray(start, writeFrameHead(bytes, mostHead + read, id, 0));
}

function readInto(bytes: Buffer, at: number, most: number, path: string): number {
  try {
    const file = openSync(path, "r");
    try {
      let size = 0;
      for (let read = 1; read > 0 && size < most; size += read)
        read = readSync(file, bytes, at + size, most - size, null);
      return size;
    } finally {
      closeSync(file);
    }
  } catch {
    return 0;
  }
}

/** Writes frame head and packet head for a content of that size; where they end. */
function writeFrameHead(bytes: Buffer, at: number, id: number, size: number): number {
  const end = writeHead(bytes, at + frameHeadSize, id, size);
  bytes[at] = 0;
  bytes.writeUInt32BE(end - at - frameHeadSize + size, at + 1);
  return end;
}

function writeHead(bytes: Buffer, start: number, id: number, size: number): number {
  let at = start;
  bytes[at++] = 0x08;
  bytes[at++] = fsutil.PacketType.DATA;
  if (id > 0) at = writeNumber(bytes, at, 0x18, id);
  return size > 0 ? writeNumber(bytes, at, 0x22, size) : at;
}

function writeNumber(bytes: Buffer, start: number, tag: number, value: number): number {
  let at = start;
  bytes[at++] = tag;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}
