// Generated from src/grpc/proto/control.proto by tools/proto.ts; do not edit.

import { field, type MessageType, method, unionCase, pb as llb } from "../../wire/index.ts";
import * as protobuf from "./protobuf.ts";
import * as status from "./status.ts";
import * as types from "./types.ts";

export const BuildHistoryEventType = {
  STARTED: 0,
  COMPLETE: 1,
  DELETED: 2,
} as const;

export interface PruneRequest {
  readonly filter: readonly string[];
  readonly all: boolean;
  readonly keepDuration: bigint;
  readonly reservedSpace: bigint;
  readonly maxUsedSpace: bigint;
  readonly minFreeSpace: bigint;
}
export const PruneRequest: MessageType<PruneRequest> = {
  name: "moby.buildkit.v1.PruneRequest",
  fields: [
    field(1, "filter", "string", "list"),
    field(2, "all", "bool"),
    field(3, "keepDuration", "int64"),
    field(4, "reservedSpace", "int64"),
    field(5, "maxUsedSpace", "int64"),
    field(6, "minFreeSpace", "int64"),
  ],
};

export interface DiskUsageRequest {
  readonly filter: readonly string[];
  readonly ageLimit: bigint;
}
export const DiskUsageRequest: MessageType<DiskUsageRequest> = {
  name: "moby.buildkit.v1.DiskUsageRequest",
  fields: [
    field(1, "filter", "string", "list"),
    field(2, "ageLimit", "int64"),
  ],
};

export interface DiskUsageResponse {
  readonly record: readonly UsageRecord[];
}
export const DiskUsageResponse: MessageType<DiskUsageResponse> = {
  name: "moby.buildkit.v1.DiskUsageResponse",
  fields: [
    field(1, "record", () => UsageRecord, "list"),
  ],
};

export interface UsageRecord {
  readonly id: string;
  readonly mutable: boolean;
  readonly inUse: boolean;
  readonly size: bigint;
  readonly parent: string;
  readonly createdAt?: protobuf.Timestamp;
  readonly lastUsedAt?: protobuf.Timestamp;
  readonly usageCount: bigint;
  readonly description: string;
  readonly recordType: string;
  readonly shared: boolean;
  readonly parents: readonly string[];
}
export const UsageRecord: MessageType<UsageRecord> = {
  name: "moby.buildkit.v1.UsageRecord",
  fields: [
    field(1, "id", "string", "one", "ID"),
    field(2, "mutable", "bool", "one", "Mutable"),
    field(3, "inUse", "bool", "one", "InUse"),
    field(4, "size", "int64", "one", "Size"),
    field(5, "parent", "string", "one", "Parent"),
    field(6, "createdAt", () => protobuf.Timestamp, "one", "CreatedAt"),
    field(7, "lastUsedAt", () => protobuf.Timestamp, "one", "LastUsedAt"),
    field(8, "usageCount", "int64", "one", "UsageCount"),
    field(9, "description", "string", "one", "Description"),
    field(10, "recordType", "string", "one", "RecordType"),
    field(11, "shared", "bool", "one", "Shared"),
    field(12, "parents", "string", "list", "Parents"),
  ],
};

export interface SolveRequest {
  readonly ref: string;
  readonly exporterDeprecated: string;
  readonly exporterAttrsDeprecated: ReadonlyMap<string, string>;
  readonly session: string;
  readonly frontend: string;
  readonly frontendAttrs: ReadonlyMap<string, string>;
  readonly cache?: CacheOptions;
  readonly entitlements: readonly string[];
  readonly frontendInputs: ReadonlyMap<string, Uint8Array>;
  readonly internal: boolean;
  readonly sourcePolicy: Uint8Array;
  readonly exporters: readonly Exporter[];
  readonly enableSessionExporter: boolean;
  readonly sourcePolicySession: string;
  readonly compatibilityVersion: bigint;
  readonly proxyNetwork: boolean;
  readonly graph?:
    | { readonly case: "definition"; readonly value: Uint8Array };
}
export const SolveRequest: MessageType<SolveRequest> = {
  name: "moby.buildkit.v1.SolveRequest",
  fields: [
    field(1, "ref", "string", "one", "Ref"),
    unionCase(2, "definition", "bytes", "graph"),
    field(3, "exporterDeprecated", "string", "one", "ExporterDeprecated"),
    field(4, "exporterAttrsDeprecated", "string", "map", "ExporterAttrsDeprecated"),
    field(5, "session", "string", "one", "Session"),
    field(6, "frontend", "string", "one", "Frontend"),
    field(7, "frontendAttrs", "string", "map", "FrontendAttrs"),
    field(8, "cache", () => CacheOptions, "one", "Cache"),
    field(9, "entitlements", "string", "list", "Entitlements"),
    field(10, "frontendInputs", "bytes", "map", "FrontendInputs"),
    field(11, "internal", "bool", "one", "Internal"),
    field(12, "sourcePolicy", "bytes", "one", "SourcePolicy"),
    field(13, "exporters", () => Exporter, "list", "Exporters"),
    field(14, "enableSessionExporter", "bool", "one", "EnableSessionExporter"),
    field(15, "sourcePolicySession", "string", "one", "SourcePolicySession"),
    field(16, "compatibilityVersion", "int64", "one", "CompatibilityVersion"),
    field(17, "proxyNetwork", "bool", "one", "ProxyNetwork"),
  ],
};

export interface CacheOptions {
  readonly exportRefDeprecated: string;
  readonly importRefsDeprecated: readonly string[];
  readonly exportAttrsDeprecated: ReadonlyMap<string, string>;
  readonly exports: readonly CacheOptionsEntry[];
  readonly imports: readonly CacheOptionsEntry[];
}
export const CacheOptions: MessageType<CacheOptions> = {
  name: "moby.buildkit.v1.CacheOptions",
  fields: [
    field(1, "exportRefDeprecated", "string", "one", "ExportRefDeprecated"),
    field(2, "importRefsDeprecated", "string", "list", "ImportRefsDeprecated"),
    field(3, "exportAttrsDeprecated", "string", "map", "ExportAttrsDeprecated"),
    field(4, "exports", () => CacheOptionsEntry, "list", "Exports"),
    field(5, "imports", () => CacheOptionsEntry, "list", "Imports"),
  ],
};

export interface CacheOptionsEntry {
  readonly type: string;
  readonly attrs: ReadonlyMap<string, string>;
}
export const CacheOptionsEntry: MessageType<CacheOptionsEntry> = {
  name: "moby.buildkit.v1.CacheOptionsEntry",
  fields: [
    field(1, "type", "string", "one", "Type"),
    field(2, "attrs", "string", "map", "Attrs"),
  ],
};

export interface SolveResponse {
  readonly exporterResponse: ReadonlyMap<string, string>;
}
export const SolveResponse: MessageType<SolveResponse> = {
  name: "moby.buildkit.v1.SolveResponse",
  fields: [
    field(1, "exporterResponse", "string", "map", "ExporterResponse"),
  ],
};

export interface StatusRequest {
  readonly ref: string;
}
export const StatusRequest: MessageType<StatusRequest> = {
  name: "moby.buildkit.v1.StatusRequest",
  fields: [
    field(1, "ref", "string", "one", "Ref"),
  ],
};

export interface StatusResponse {
  readonly vertexes: readonly Vertex[];
  readonly statuses: readonly VertexStatus[];
  readonly logs: readonly VertexLog[];
  readonly warnings: readonly VertexWarning[];
}
export const StatusResponse: MessageType<StatusResponse> = {
  name: "moby.buildkit.v1.StatusResponse",
  fields: [
    field(1, "vertexes", () => Vertex, "list"),
    field(2, "statuses", () => VertexStatus, "list"),
    field(3, "logs", () => VertexLog, "list"),
    field(4, "warnings", () => VertexWarning, "list"),
  ],
};

export interface Vertex {
  readonly digest: string;
  readonly inputs: readonly string[];
  readonly name: string;
  readonly cached: boolean;
  readonly started?: protobuf.Timestamp;
  readonly completed?: protobuf.Timestamp;
  readonly error: string;
  readonly progressGroup?: llb.ProgressGroup;
}
export const Vertex: MessageType<Vertex> = {
  name: "moby.buildkit.v1.Vertex",
  fields: [
    field(1, "digest", "string"),
    field(2, "inputs", "string", "list"),
    field(3, "name", "string"),
    field(4, "cached", "bool"),
    field(5, "started", () => protobuf.Timestamp),
    field(6, "completed", () => protobuf.Timestamp),
    field(7, "error", "string"),
    field(8, "progressGroup", () => llb.ProgressGroup),
  ],
};

export interface VertexStatus {
  readonly id: string;
  readonly vertex: string;
  readonly name: string;
  readonly current: bigint;
  readonly total: bigint;
  readonly timestamp?: protobuf.Timestamp;
  readonly started?: protobuf.Timestamp;
  readonly completed?: protobuf.Timestamp;
}
export const VertexStatus: MessageType<VertexStatus> = {
  name: "moby.buildkit.v1.VertexStatus",
  fields: [
    field(1, "id", "string", "one", "ID"),
    field(2, "vertex", "string"),
    field(3, "name", "string"),
    field(4, "current", "int64"),
    field(5, "total", "int64"),
    field(6, "timestamp", () => protobuf.Timestamp),
    field(7, "started", () => protobuf.Timestamp),
    field(8, "completed", () => protobuf.Timestamp),
  ],
};

export interface VertexLog {
  readonly vertex: string;
  readonly timestamp?: protobuf.Timestamp;
  readonly stream: bigint;
  readonly msg: Uint8Array;
}
export const VertexLog: MessageType<VertexLog> = {
  name: "moby.buildkit.v1.VertexLog",
  fields: [
    field(1, "vertex", "string"),
    field(2, "timestamp", () => protobuf.Timestamp),
    field(3, "stream", "int64"),
    field(4, "msg", "bytes"),
  ],
};

export interface VertexWarning {
  readonly vertex: string;
  readonly level: bigint;
  readonly short: Uint8Array;
  readonly detail: readonly Uint8Array[];
  readonly url: string;
  readonly info?: llb.SourceInfo;
  readonly ranges: readonly llb.Range[];
}
export const VertexWarning: MessageType<VertexWarning> = {
  name: "moby.buildkit.v1.VertexWarning",
  fields: [
    field(1, "vertex", "string"),
    field(2, "level", "int64"),
    field(3, "short", "bytes"),
    field(4, "detail", "bytes", "list"),
    field(5, "url", "string"),
    field(6, "info", () => llb.SourceInfo),
    field(7, "ranges", () => llb.Range, "list"),
  ],
};

export interface BytesMessage {
  readonly data: Uint8Array;
}
export const BytesMessage: MessageType<BytesMessage> = {
  name: "moby.buildkit.v1.BytesMessage",
  fields: [
    field(1, "data", "bytes"),
  ],
};

export interface ListWorkersRequest {
  readonly filter: readonly string[];
}
export const ListWorkersRequest: MessageType<ListWorkersRequest> = {
  name: "moby.buildkit.v1.ListWorkersRequest",
  fields: [
    field(1, "filter", "string", "list"),
  ],
};

export interface ListWorkersResponse {
  readonly record: readonly types.WorkerRecord[];
}
export const ListWorkersResponse: MessageType<ListWorkersResponse> = {
  name: "moby.buildkit.v1.ListWorkersResponse",
  fields: [
    field(1, "record", () => types.WorkerRecord, "list"),
  ],
};

export interface InfoRequest {
}
export const InfoRequest: MessageType<InfoRequest> = {
  name: "moby.buildkit.v1.InfoRequest",
  fields: [
  ],
};

export interface InfoResponse {
  readonly buildkitVersion?: types.BuildkitVersion;
}
export const InfoResponse: MessageType<InfoResponse> = {
  name: "moby.buildkit.v1.InfoResponse",
  fields: [
    field(1, "buildkitVersion", () => types.BuildkitVersion),
  ],
};

export interface BuildHistoryRequest {
  readonly activeOnly: boolean;
  readonly ref: string;
  readonly earlyExit: boolean;
  readonly filter: readonly string[];
  readonly limit: number;
}
export const BuildHistoryRequest: MessageType<BuildHistoryRequest> = {
  name: "moby.buildkit.v1.BuildHistoryRequest",
  fields: [
    field(1, "activeOnly", "bool", "one", "ActiveOnly"),
    field(2, "ref", "string", "one", "Ref"),
    field(3, "earlyExit", "bool", "one", "EarlyExit"),
    field(4, "filter", "string", "list", "Filter"),
    field(5, "limit", "int32", "one", "Limit"),
  ],
};

export interface BuildHistoryEvent {
  readonly type: number;
  readonly record?: BuildHistoryRecord;
}
export const BuildHistoryEvent: MessageType<BuildHistoryEvent> = {
  name: "moby.buildkit.v1.BuildHistoryEvent",
  fields: [
    field(1, "type", "enum"),
    field(2, "record", () => BuildHistoryRecord),
  ],
};

export interface BuildHistoryRecord {
  readonly ref: string;
  readonly frontend: string;
  readonly frontendAttrs: ReadonlyMap<string, string>;
  readonly exporters: readonly Exporter[];
  readonly error?: status.Status;
  readonly createdAt?: protobuf.Timestamp;
  readonly completedAt?: protobuf.Timestamp;
  readonly logs?: Descriptor;
  readonly exporterResponse: ReadonlyMap<string, string>;
  readonly result?: BuildResultInfo;
  readonly results: ReadonlyMap<string, BuildResultInfo>;
  readonly generation: number;
  readonly trace?: Descriptor;
  readonly pinned: boolean;
  readonly numCachedSteps: number;
  readonly numTotalSteps: number;
  readonly numCompletedSteps: number;
  readonly externalError?: Descriptor;
  readonly numWarnings: number;
}
export const BuildHistoryRecord: MessageType<BuildHistoryRecord> = {
  name: "moby.buildkit.v1.BuildHistoryRecord",
  fields: [
    field(1, "ref", "string", "one", "Ref"),
    field(2, "frontend", "string", "one", "Frontend"),
    field(3, "frontendAttrs", "string", "map", "FrontendAttrs"),
    field(4, "exporters", () => Exporter, "list", "Exporters"),
    field(5, "error", () => status.Status),
    field(6, "createdAt", () => protobuf.Timestamp, "one", "CreatedAt"),
    field(7, "completedAt", () => protobuf.Timestamp, "one", "CompletedAt"),
    field(8, "logs", () => Descriptor),
    field(9, "exporterResponse", "string", "map", "ExporterResponse"),
    field(10, "result", () => BuildResultInfo, "one", "Result"),
    field(11, "results", () => BuildResultInfo, "map", "Results"),
    field(12, "generation", "int32", "one", "Generation"),
    field(13, "trace", () => Descriptor),
    field(14, "pinned", "bool"),
    field(15, "numCachedSteps", "int32"),
    field(16, "numTotalSteps", "int32"),
    field(17, "numCompletedSteps", "int32"),
    field(18, "externalError", () => Descriptor),
    field(19, "numWarnings", "int32"),
  ],
};

export interface UpdateBuildHistoryRequest {
  readonly ref: string;
  readonly pinned: boolean;
  readonly delete: boolean;
  readonly finalize: boolean;
}
export const UpdateBuildHistoryRequest: MessageType<UpdateBuildHistoryRequest> = {
  name: "moby.buildkit.v1.UpdateBuildHistoryRequest",
  fields: [
    field(1, "ref", "string", "one", "Ref"),
    field(2, "pinned", "bool", "one", "Pinned"),
    field(3, "delete", "bool", "one", "Delete"),
    field(4, "finalize", "bool", "one", "Finalize"),
  ],
};

export interface UpdateBuildHistoryResponse {
}
export const UpdateBuildHistoryResponse: MessageType<UpdateBuildHistoryResponse> = {
  name: "moby.buildkit.v1.UpdateBuildHistoryResponse",
  fields: [
  ],
};

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: bigint;
  readonly annotations: ReadonlyMap<string, string>;
}
export const Descriptor: MessageType<Descriptor> = {
  name: "moby.buildkit.v1.Descriptor",
  fields: [
    field(1, "mediaType", "string"),
    field(2, "digest", "string"),
    field(3, "size", "int64"),
    field(5, "annotations", "string", "map"),
  ],
};

export interface BuildResultInfo {
  readonly resultDeprecated?: Descriptor;
  readonly attestations: readonly Descriptor[];
  readonly results: readonly ExportedResult[];
}
export const BuildResultInfo: MessageType<BuildResultInfo> = {
  name: "moby.buildkit.v1.BuildResultInfo",
  fields: [
    field(1, "resultDeprecated", () => Descriptor, "one", "ResultDeprecated"),
    field(2, "attestations", () => Descriptor, "list", "Attestations"),
    field(3, "results", () => ExportedResult, "list", "Results"),
  ],
};

export interface ExportedResult {
  readonly key: bigint;
  readonly value?: Descriptor;
}
export const ExportedResult: MessageType<ExportedResult> = {
  name: "moby.buildkit.v1.ExportedResult",
  fields: [
    field(1, "key", "int64"),
    field(2, "value", () => Descriptor),
  ],
};

export interface Exporter {
  readonly type: string;
  readonly attrs: ReadonlyMap<string, string>;
}
export const Exporter: MessageType<Exporter> = {
  name: "moby.buildkit.v1.Exporter",
  fields: [
    field(1, "type", "string", "one", "Type"),
    field(2, "attrs", "string", "map", "Attrs"),
  ],
};

export const ControlService = {
  DiskUsage: method("/moby.buildkit.v1.Control/DiskUsage", DiskUsageRequest, DiskUsageResponse, false, false),
  Prune: method("/moby.buildkit.v1.Control/Prune", PruneRequest, UsageRecord, false, true),
  Solve: method("/moby.buildkit.v1.Control/Solve", SolveRequest, SolveResponse, false, false),
  Status: method("/moby.buildkit.v1.Control/Status", StatusRequest, StatusResponse, false, true),
  Session: method("/moby.buildkit.v1.Control/Session", BytesMessage, BytesMessage, true, true),
  ListWorkers: method("/moby.buildkit.v1.Control/ListWorkers", ListWorkersRequest, ListWorkersResponse, false, false),
  Info: method("/moby.buildkit.v1.Control/Info", InfoRequest, InfoResponse, false, false),
  ListenBuildHistory: method("/moby.buildkit.v1.Control/ListenBuildHistory", BuildHistoryRequest, BuildHistoryEvent, false, true),
  UpdateBuildHistory: method("/moby.buildkit.v1.Control/UpdateBuildHistory", UpdateBuildHistoryRequest, UpdateBuildHistoryResponse, false, false),
};
