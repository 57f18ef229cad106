// Generated from src/grpc/proto/sshforward.proto by tools/proto.ts; do not edit.

import { field, type MessageType, method } from "../../wire/index.ts";

export interface BytesMessage {
  readonly data: Uint8Array;
}
export const BytesMessage: MessageType<BytesMessage> = {
  name: "moby.sshforward.v1.BytesMessage",
  fields: [
    field(1, "data", "bytes"),
  ],
};

export interface CheckAgentRequest {
  readonly id: string;
}
export const CheckAgentRequest: MessageType<CheckAgentRequest> = {
  name: "moby.sshforward.v1.CheckAgentRequest",
  fields: [
    field(1, "id", "string", "one", "ID"),
  ],
};

export interface CheckAgentResponse {
}
export const CheckAgentResponse: MessageType<CheckAgentResponse> = {
  name: "moby.sshforward.v1.CheckAgentResponse",
  fields: [
  ],
};

export const SSHService = {
  CheckAgent: method("/moby.sshforward.v1.SSH/CheckAgent", CheckAgentRequest, CheckAgentResponse, false, false),
  ForwardAgent: method("/moby.sshforward.v1.SSH/ForwardAgent", BytesMessage, BytesMessage, true, true),
};
