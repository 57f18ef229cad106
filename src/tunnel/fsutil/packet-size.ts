import type { fsutil } from "../../grpc/index.ts";

/** Bytes of a packet as it is encoded: what upstream's progress counts as transferred. */
export function packetSize({ type, stat, id, data }: fsutil.Packet): number {
  return (type === 0 ? 0 : 2) + (stat === undefined ? 0 : nested(statSize(stat))) + number(id) + bytes(data.byteLength);
}

function statSize(stat: fsutil.Stat): number {
  const texts = bytes(Buffer.byteLength(stat.path)) + bytes(Buffer.byteLength(stat.linkname));
  const small = number(stat.mode) + number(stat.uid) + number(stat.gid);
  const large = number(stat.size) + number(stat.modTime) + number(stat.devmajor) + number(stat.devminor);
  let attributes = 0;
  for (const [name, value] of stat.xattrs) {
    attributes += nested(nested(Buffer.byteLength(name)) + nested(value.byteLength));
  }
  return texts + small + large + attributes;
}

/** Absent when empty. */
function bytes(length: number): number {
  return length === 0 ? 0 : nested(length);
}

function nested(length: number): number {
  return 1 + varint(length) + length;
}

function number(value: number | bigint): number {
  if (value === 0 || value === 0n) return 0;
  return 1 + (value < 0 ? 10 : varint(Number(value)));
}

function varint(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest /= 128) size++;
  return size;
}
