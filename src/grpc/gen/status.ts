// Generated from src/grpc/proto/status.proto by tools/proto.ts; do not edit.

import { field, type MessageType } from "../../wire/index.ts";
import * as protobuf from "./protobuf.ts";

export interface Status {
  readonly code: number;
  readonly message: string;
  readonly details: readonly protobuf.Any[];
}
export const Status: MessageType<Status> = {
  name: "google.rpc.Status",
  fields: [
    field(1, "code", "int32"),
    field(2, "message", "string"),
    field(3, "details", () => protobuf.Any, "list"),
  ],
};
