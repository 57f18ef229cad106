// Generated from src/grpc/proto/protobuf.proto by tools/proto.ts; do not edit.

import { field, type MessageType } from "../../wire/index.ts";

export interface Timestamp {
  readonly seconds: bigint;
  readonly nanos: number;
}
export const Timestamp: MessageType<Timestamp> = {
  name: "google.protobuf.Timestamp",
  fields: [
    field(1, "seconds", "int64"),
    field(2, "nanos", "int32"),
  ],
};

export interface Any {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}
export const Any: MessageType<Any> = {
  name: "google.protobuf.Any",
  fields: [
    field(1, "typeUrl", "string"),
    field(2, "value", "bytes"),
  ],
};

export interface Empty {
}
export const Empty: MessageType<Empty> = {
  name: "google.protobuf.Empty",
  fields: [
  ],
};
