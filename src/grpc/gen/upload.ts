// Generated from src/grpc/proto/upload.proto by tools/proto.ts; do not edit.

import { field, type MessageType, method } from "../../wire/index.ts";

export interface BytesMessage {
  readonly data: Uint8Array;
}
export const BytesMessage: MessageType<BytesMessage> = {
  name: "moby.upload.v1.BytesMessage",
  fields: [
    field(1, "data", "bytes"),
  ],
};

export const UploadService = {
  Pull: method("/moby.upload.v1.Upload/Pull", BytesMessage, BytesMessage, true, true),
};
