// Generated from src/grpc/proto/health.proto by tools/proto.ts; do not edit.

import { field, type MessageType, method } from "../../wire/index.ts";

export const ServingStatus = {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
} as const;

export interface HealthCheckRequest {
  readonly service: string;
}
export const HealthCheckRequest: MessageType<HealthCheckRequest> = {
  name: "grpc.health.v1.HealthCheckRequest",
  fields: [
    field(1, "service", "string"),
  ],
};

export interface HealthCheckResponse {
  readonly status: number;
}
export const HealthCheckResponse: MessageType<HealthCheckResponse> = {
  name: "grpc.health.v1.HealthCheckResponse",
  fields: [
    field(1, "status", "enum"),
  ],
};

export const HealthService = {
  Check: method("/grpc.health.v1.Health/Check", HealthCheckRequest, HealthCheckResponse, false, false),
  Watch: method("/grpc.health.v1.Health/Watch", HealthCheckRequest, HealthCheckResponse, false, true),
};
