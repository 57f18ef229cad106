// Generated from src/grpc/proto/content.proto by tools/proto.ts; do not edit.

import { field, type MessageType, method } from "../../wire/index.ts";
import * as protobuf from "./protobuf.ts";

export const WriteAction = {
  STAT: 0,
  WRITE: 1,
  COMMIT: 2,
} as const;

export interface Info {
  readonly digest: string;
  readonly size: bigint;
  readonly createdAt?: protobuf.Timestamp;
  readonly updatedAt?: protobuf.Timestamp;
  readonly labels: ReadonlyMap<string, string>;
}
export const Info: MessageType<Info> = {
  name: "containerd.services.content.v1.Info",
  fields: [
    field(1, "digest", "string"),
    field(2, "size", "int64"),
    field(3, "createdAt", () => protobuf.Timestamp),
    field(4, "updatedAt", () => protobuf.Timestamp),
    field(5, "labels", "string", "map"),
  ],
};

export interface InfoRequest {
  readonly digest: string;
}
export const InfoRequest: MessageType<InfoRequest> = {
  name: "containerd.services.content.v1.InfoRequest",
  fields: [
    field(1, "digest", "string"),
  ],
};

export interface InfoResponse {
  readonly info?: Info;
}
export const InfoResponse: MessageType<InfoResponse> = {
  name: "containerd.services.content.v1.InfoResponse",
  fields: [
    field(1, "info", () => Info),
  ],
};

export interface FieldMask {
  readonly paths: readonly string[];
}
export const FieldMask: MessageType<FieldMask> = {
  name: "containerd.services.content.v1.FieldMask",
  fields: [
    field(1, "paths", "string", "list"),
  ],
};

export interface UpdateRequest {
  readonly info?: Info;
  readonly updateMask?: FieldMask;
}
export const UpdateRequest: MessageType<UpdateRequest> = {
  name: "containerd.services.content.v1.UpdateRequest",
  fields: [
    field(1, "info", () => Info),
    field(2, "updateMask", () => FieldMask),
  ],
};

export interface UpdateResponse {
  readonly info?: Info;
}
export const UpdateResponse: MessageType<UpdateResponse> = {
  name: "containerd.services.content.v1.UpdateResponse",
  fields: [
    field(1, "info", () => Info),
  ],
};

export interface DeleteContentRequest {
  readonly digest: string;
}
export const DeleteContentRequest: MessageType<DeleteContentRequest> = {
  name: "containerd.services.content.v1.DeleteContentRequest",
  fields: [
    field(1, "digest", "string"),
  ],
};

export interface ListContentRequest {
  readonly filters: readonly string[];
}
export const ListContentRequest: MessageType<ListContentRequest> = {
  name: "containerd.services.content.v1.ListContentRequest",
  fields: [
    field(1, "filters", "string", "list"),
  ],
};

export interface ListContentResponse {
  readonly info: readonly Info[];
}
export const ListContentResponse: MessageType<ListContentResponse> = {
  name: "containerd.services.content.v1.ListContentResponse",
  fields: [
    field(1, "info", () => Info, "list"),
  ],
};

export interface ReadContentRequest {
  readonly digest: string;
  readonly offset: bigint;
  readonly size: bigint;
}
export const ReadContentRequest: MessageType<ReadContentRequest> = {
  name: "containerd.services.content.v1.ReadContentRequest",
  fields: [
    field(1, "digest", "string"),
    field(2, "offset", "int64"),
    field(3, "size", "int64"),
  ],
};

export interface ReadContentResponse {
  readonly offset: bigint;
  readonly data: Uint8Array;
}
export const ReadContentResponse: MessageType<ReadContentResponse> = {
  name: "containerd.services.content.v1.ReadContentResponse",
  fields: [
    field(1, "offset", "int64"),
    field(2, "data", "bytes"),
  ],
};

export interface Status {
  readonly startedAt?: protobuf.Timestamp;
  readonly updatedAt?: protobuf.Timestamp;
  readonly ref: string;
  readonly offset: bigint;
  readonly total: bigint;
  readonly expected: string;
}
export const Status: MessageType<Status> = {
  name: "containerd.services.content.v1.Status",
  fields: [
    field(1, "startedAt", () => protobuf.Timestamp),
    field(2, "updatedAt", () => protobuf.Timestamp),
    field(3, "ref", "string"),
    field(4, "offset", "int64"),
    field(5, "total", "int64"),
    field(6, "expected", "string"),
  ],
};

export interface StatusRequest {
  readonly ref: string;
}
export const StatusRequest: MessageType<StatusRequest> = {
  name: "containerd.services.content.v1.StatusRequest",
  fields: [
    field(1, "ref", "string"),
  ],
};

export interface StatusResponse {
  readonly status?: Status;
}
export const StatusResponse: MessageType<StatusResponse> = {
  name: "containerd.services.content.v1.StatusResponse",
  fields: [
    field(1, "status", () => Status),
  ],
};

export interface ListStatusesRequest {
  readonly filters: readonly string[];
}
export const ListStatusesRequest: MessageType<ListStatusesRequest> = {
  name: "containerd.services.content.v1.ListStatusesRequest",
  fields: [
    field(1, "filters", "string", "list"),
  ],
};

export interface ListStatusesResponse {
  readonly statuses: readonly Status[];
}
export const ListStatusesResponse: MessageType<ListStatusesResponse> = {
  name: "containerd.services.content.v1.ListStatusesResponse",
  fields: [
    field(1, "statuses", () => Status, "list"),
  ],
};

export interface WriteContentRequest {
  readonly action: number;
  readonly ref: string;
  readonly total: bigint;
  readonly expected: string;
  readonly offset: bigint;
  readonly data: Uint8Array;
  readonly labels: ReadonlyMap<string, string>;
}
export const WriteContentRequest: MessageType<WriteContentRequest> = {
  name: "containerd.services.content.v1.WriteContentRequest",
  fields: [
    field(1, "action", "enum"),
    field(2, "ref", "string"),
    field(3, "total", "int64"),
    field(4, "expected", "string"),
    field(5, "offset", "int64"),
    field(6, "data", "bytes"),
    field(7, "labels", "string", "map"),
  ],
};

export interface WriteContentResponse {
  readonly action: number;
  readonly startedAt?: protobuf.Timestamp;
  readonly updatedAt?: protobuf.Timestamp;
  readonly offset: bigint;
  readonly total: bigint;
  readonly digest: string;
}
export const WriteContentResponse: MessageType<WriteContentResponse> = {
  name: "containerd.services.content.v1.WriteContentResponse",
  fields: [
    field(1, "action", "enum"),
    field(2, "startedAt", () => protobuf.Timestamp),
    field(3, "updatedAt", () => protobuf.Timestamp),
    field(4, "offset", "int64"),
    field(5, "total", "int64"),
    field(6, "digest", "string"),
  ],
};

export interface AbortRequest {
  readonly ref: string;
}
export const AbortRequest: MessageType<AbortRequest> = {
  name: "containerd.services.content.v1.AbortRequest",
  fields: [
    field(1, "ref", "string"),
  ],
};

export const ContentService = {
  Info: method("/containerd.services.content.v1.Content/Info", InfoRequest, InfoResponse, false, false),
  Update: method("/containerd.services.content.v1.Content/Update", UpdateRequest, UpdateResponse, false, false),
  List: method("/containerd.services.content.v1.Content/List", ListContentRequest, ListContentResponse, false, true),
  Delete: method("/containerd.services.content.v1.Content/Delete", DeleteContentRequest, protobuf.Empty, false, false),
  Read: method("/containerd.services.content.v1.Content/Read", ReadContentRequest, ReadContentResponse, false, true),
  Status: method("/containerd.services.content.v1.Content/Status", StatusRequest, StatusResponse, false, false),
  ListStatuses: method("/containerd.services.content.v1.Content/ListStatuses", ListStatusesRequest, ListStatusesResponse, false, false),
  Write: method("/containerd.services.content.v1.Content/Write", WriteContentRequest, WriteContentResponse, true, true),
  Abort: method("/containerd.services.content.v1.Content/Abort", AbortRequest, protobuf.Empty, false, false),
};
