// Generated from src/grpc/proto/fsutil.proto by tools/proto.ts; do not edit.

import { field, type MessageType } from "../../wire/index.ts";

export const PacketType = {
  STAT: 0,
  REQ: 1,
  DATA: 2,
  FIN: 3,
  ERR: 4,
} as const;

export interface Stat {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: bigint;
  readonly modTime: bigint;
  readonly linkname: string;
  readonly devmajor: bigint;
  readonly devminor: bigint;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}
export const Stat: MessageType<Stat> = {
  name: "fsutil.types.Stat",
  fields: [
    field(1, "path", "raw"),
    field(2, "mode", "uint32"),
    field(3, "uid", "uint32"),
    field(4, "gid", "uint32"),
    field(5, "size", "int64"),
    field(6, "modTime", "int64"),
    field(7, "linkname", "raw"),
    field(8, "devmajor", "int64"),
    field(9, "devminor", "int64"),
    field(10, "xattrs", "bytes", "map"),
  ],
};

export interface Packet {
  readonly type: number;
  readonly stat?: Stat;
  readonly id: number;
  readonly data: Uint8Array;
}
export const Packet: MessageType<Packet> = {
  name: "fsutil.types.Packet",
  fields: [
    field(1, "type", "enum"),
    field(2, "stat", () => Stat),
    field(3, "id", "uint32", "one", "ID"),
    field(4, "data", "bytes"),
  ],
};
