// Generated from src/grpc/proto/secrets.proto by tools/proto.ts; do not edit.

import { field, type MessageType, method } from "../../wire/index.ts";

export interface GetSecretRequest {
  readonly id: string;
  readonly annotations: ReadonlyMap<string, string>;
}
export const GetSecretRequest: MessageType<GetSecretRequest> = {
  name: "moby.buildkit.secrets.v1.GetSecretRequest",
  fields: [
    field(1, "id", "string", "one", "ID"),
    field(2, "annotations", "string", "map"),
  ],
};

export interface GetSecretResponse {
  readonly data: Uint8Array;
}
export const GetSecretResponse: MessageType<GetSecretResponse> = {
  name: "moby.buildkit.secrets.v1.GetSecretResponse",
  fields: [
    field(1, "data", "bytes"),
  ],
};

export const SecretsService = {
  GetSecret: method("/moby.buildkit.secrets.v1.Secrets/GetSecret", GetSecretRequest, GetSecretResponse, false, false),
};
