import { fsutil, joinParts, type MessageParts } from "../../grpc/index.ts";
import { decode } from "../../wire/index.ts";

/** A packet as it came: its content stays in pieces, none of them empty. */
export interface ReceivedPacket {
  readonly type: number;
  readonly stat?: fsutil.Stat;
  readonly id: number;
  readonly pieces: readonly Uint8Array[];
}

/** Reads a packet. One with content, of which a transfer has most, without copying it. Throws `wire/…`. */
export function receivedPacket(parts: MessageParts): ReceivedPacket {
  const content = contentPacket(parts);
  if (content !== undefined) return content;
  const { data, ...packet } = decode(fsutil.Packet, joinParts(parts));
  return { ...packet, pieces: data.byteLength === 0 ? [] : [data] };
}

const idTag = 0x18;
const dataTag = 0x22;

/** Type, id, data and nothing else, in the order in which everybody encodes them; undefined for anything else. */
function contentPacket(parts: MessageParts): ReceivedPacket | undefined {
  const [first, ...rest] = parts;
  if (first[0] !== 0x08 || first[1] !== fsutil.PacketType.DATA) return undefined;
  const id = numberAt(first, 2, idTag);
  const length = id && numberAt(first, id.next, dataTag);
  // Its front may lie in two pieces.
  if (id === undefined || length === undefined || first.byteLength < length.next) return undefined;
  const size = parts.reduce((sum, part) => sum + part.byteLength, 0);
  if (length.next + length.value !== size) return undefined;
  const start = first.subarray(length.next);
  return { type: fsutil.PacketType.DATA, id: id.value, pieces: start.byteLength === 0 ? rest : [start, ...rest] };
}

/** The number in the field of that tag, 0 when it is not there; undefined when it is cut off. */
function numberAt(
  bytes: Uint8Array,
  at: number,
  tag: number,
): { readonly value: number; readonly next: number } | undefined {
  if (bytes[at] !== tag) return { value: 0, next: at };
  let value = 0;
  for (let next = at + 1, shift = 1; next < at + 6; next++, shift *= 128) {
    const byte = bytes[next];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * shift;
    if (byte < 0x80) return { value, next: next + 1 };
  }
  return undefined;
}
