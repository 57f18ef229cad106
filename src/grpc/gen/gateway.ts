// Generated from src/grpc/proto/gateway.proto by tools/proto.ts; do not edit.

import { field, type MessageType, method, unionCase, pb as llb } from "../../wire/index.ts";
import * as caps from "./caps.ts";
import * as fsutil from "./fsutil.ts";
import * as protobuf from "./protobuf.ts";
import * as status from "./status.ts";
import * as types from "./types.ts";

export const AttestationKind = {
  InToto: 0,
  Bundle: 1,
} as const;

export const InTotoSubjectKind = {
  Self: 0,
  Raw: 1,
} as const;

export interface Result {
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  readonly attestations: ReadonlyMap<string, Attestations>;
  readonly result?:
    | { readonly case: "refDeprecated"; readonly value: string }
    | { readonly case: "refsDeprecated"; readonly value: RefMapDeprecated }
    | { readonly case: "ref"; readonly value: Ref }
    | { readonly case: "refs"; readonly value: RefMap };
}
export const Result: MessageType<Result> = {
  name: "moby.buildkit.v1.frontend.Result",
  fields: [
    unionCase(1, "refDeprecated", "string", "result"),
    unionCase(2, "refsDeprecated", () => RefMapDeprecated, "result"),
    unionCase(3, "ref", () => Ref, "result"),
    unionCase(4, "refs", () => RefMap, "result"),
    field(10, "metadata", "bytes", "map"),
    field(12, "attestations", () => Attestations, "map"),
  ],
};

export interface RefMapDeprecated {
  readonly refs: ReadonlyMap<string, string>;
}
export const RefMapDeprecated: MessageType<RefMapDeprecated> = {
  name: "moby.buildkit.v1.frontend.RefMapDeprecated",
  fields: [
    field(1, "refs", "string", "map"),
  ],
};

export interface Ref {
  readonly id: string;
  readonly def: Uint8Array;
}
export const Ref: MessageType<Ref> = {
  name: "moby.buildkit.v1.frontend.Ref",
  fields: [
    field(1, "id", "string"),
    field(2, "def", "bytes"),
  ],
};

export interface RefMap {
  readonly refs: ReadonlyMap<string, Ref>;
}
export const RefMap: MessageType<RefMap> = {
  name: "moby.buildkit.v1.frontend.RefMap",
  fields: [
    field(1, "refs", () => Ref, "map"),
  ],
};

export interface Attestations {
  readonly attestation: readonly Attestation[];
}
export const Attestations: MessageType<Attestations> = {
  name: "moby.buildkit.v1.frontend.Attestations",
  fields: [
    field(1, "attestation", () => Attestation, "list"),
  ],
};

export interface Attestation {
  readonly kind: number;
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  readonly ref?: Ref;
  readonly path: string;
  readonly inTotoPredicateType: string;
  readonly inTotoSubjects: readonly InTotoSubject[];
}
export const Attestation: MessageType<Attestation> = {
  name: "moby.buildkit.v1.frontend.Attestation",
  fields: [
    field(1, "kind", "enum"),
    field(2, "metadata", "bytes", "map"),
    field(3, "ref", () => Ref),
    field(4, "path", "string"),
    field(5, "inTotoPredicateType", "string"),
    field(6, "inTotoSubjects", () => InTotoSubject, "list"),
  ],
};

export interface InTotoSubject {
  readonly kind: number;
  readonly digest: readonly string[];
  readonly name: string;
}
export const InTotoSubject: MessageType<InTotoSubject> = {
  name: "moby.buildkit.v1.frontend.InTotoSubject",
  fields: [
    field(1, "kind", "enum"),
    field(2, "digest", "string", "list"),
    field(3, "name", "string"),
  ],
};

export interface ReturnRequest {
  readonly result?: Result;
  readonly error?: status.Status;
}
export const ReturnRequest: MessageType<ReturnRequest> = {
  name: "moby.buildkit.v1.frontend.ReturnRequest",
  fields: [
    field(1, "result", () => Result),
    field(2, "error", () => status.Status),
  ],
};

export interface ReturnResponse {
}
export const ReturnResponse: MessageType<ReturnResponse> = {
  name: "moby.buildkit.v1.frontend.ReturnResponse",
  fields: [
  ],
};

export interface InputsRequest {
}
export const InputsRequest: MessageType<InputsRequest> = {
  name: "moby.buildkit.v1.frontend.InputsRequest",
  fields: [
  ],
};

export interface InputsResponse {
  readonly definitions: ReadonlyMap<string, Uint8Array>;
}
export const InputsResponse: MessageType<InputsResponse> = {
  name: "moby.buildkit.v1.frontend.InputsResponse",
  fields: [
    field(1, "definitions", "bytes", "map", "Definitions"),
  ],
};

export interface ResolveImageConfigRequest {
  readonly ref: string;
  readonly platform?: llb.Platform;
  readonly resolveMode: string;
  readonly logName: string;
  readonly resolverType: number;
  readonly sessionID: string;
  readonly storeID: string;
  readonly sourcePolicies: readonly Uint8Array[];
}
export const ResolveImageConfigRequest: MessageType<ResolveImageConfigRequest> = {
  name: "moby.buildkit.v1.frontend.ResolveImageConfigRequest",
  fields: [
    field(1, "ref", "string", "one", "Ref"),
    field(2, "platform", () => llb.Platform, "one", "Platform"),
    field(3, "resolveMode", "string", "one", "ResolveMode"),
    field(4, "logName", "string", "one", "LogName"),
    field(5, "resolverType", "int32", "one", "ResolverType"),
    field(6, "sessionID", "string", "one", "SessionID"),
    field(7, "storeID", "string", "one", "StoreID"),
    field(8, "sourcePolicies", "bytes", "list", "SourcePolicies"),
  ],
};

export interface ResolveImageConfigResponse {
  readonly digest: string;
  readonly config: Uint8Array;
  readonly ref: string;
}
export const ResolveImageConfigResponse: MessageType<ResolveImageConfigResponse> = {
  name: "moby.buildkit.v1.frontend.ResolveImageConfigResponse",
  fields: [
    field(1, "digest", "string", "one", "Digest"),
    field(2, "config", "bytes", "one", "Config"),
    field(3, "ref", "string", "one", "Ref"),
  ],
};

export interface ResolveSourceMetaRequest {
  readonly source?: llb.SourceOp;
  readonly platform?: llb.Platform;
  readonly logName: string;
  readonly resolveMode: string;
  readonly git?: ResolveSourceGitRequest;
  readonly image?: ResolveSourceImageRequest;
  readonly http?: ResolveSourceHTTPRequest;
  readonly sourcePolicies: readonly Uint8Array[];
}
export const ResolveSourceMetaRequest: MessageType<ResolveSourceMetaRequest> = {
  name: "moby.buildkit.v1.frontend.ResolveSourceMetaRequest",
  fields: [
    field(1, "source", () => llb.SourceOp, "one", "Source"),
    field(2, "platform", () => llb.Platform, "one", "Platform"),
    field(3, "logName", "string", "one", "LogName"),
    field(4, "resolveMode", "string", "one", "ResolveMode"),
    field(5, "git", () => ResolveSourceGitRequest, "one", "Git"),
    field(6, "image", () => ResolveSourceImageRequest, "one", "Image"),
    field(7, "http", () => ResolveSourceHTTPRequest, "one", "HTTP"),
    field(8, "sourcePolicies", "bytes", "list", "SourcePolicies"),
  ],
};

export interface ResolveSourceMetaResponse {
  readonly source?: llb.SourceOp;
  readonly image?: ResolveSourceImageResponse;
  readonly git?: ResolveSourceGitResponse;
  readonly http?: ResolveSourceHTTPResponse;
}
export const ResolveSourceMetaResponse: MessageType<ResolveSourceMetaResponse> = {
  name: "moby.buildkit.v1.frontend.ResolveSourceMetaResponse",
  fields: [
    field(1, "source", () => llb.SourceOp, "one", "Source"),
    field(2, "image", () => ResolveSourceImageResponse, "one", "Image"),
    field(3, "git", () => ResolveSourceGitResponse, "one", "Git"),
    field(4, "http", () => ResolveSourceHTTPResponse, "one", "HTTP"),
  ],
};

export interface ResolveSourceImageRequest {
  readonly noConfig: boolean;
  readonly attestationChain: boolean;
  readonly resolveAttestations: readonly string[];
}
export const ResolveSourceImageRequest: MessageType<ResolveSourceImageRequest> = {
  name: "moby.buildkit.v1.frontend.ResolveSourceImageRequest",
  fields: [
    field(1, "noConfig", "bool", "one", "NoConfig"),
    field(2, "attestationChain", "bool", "one", "AttestationChain"),
    field(3, "resolveAttestations", "string", "list", "ResolveAttestations"),
  ],
};

export interface ResolveSourceImageResponse {
  readonly digest: string;
  readonly config: Uint8Array;
  readonly attestationChain?: AttestationChain;
}
export const ResolveSourceImageResponse: MessageType<ResolveSourceImageResponse> = {
  name: "moby.buildkit.v1.frontend.ResolveSourceImageResponse",
  fields: [
    field(1, "digest", "string", "one", "Digest"),
    field(2, "config", "bytes", "one", "Config"),
    field(3, "attestationChain", () => AttestationChain, "one", "AttestationChain"),
  ],
};

export interface AttestationChain {
  readonly root: string;
  readonly imageManifest: string;
  readonly attestationManifest: string;
  readonly signatureManifests: readonly string[];
  readonly blobs: ReadonlyMap<string, Blob>;
}
export const AttestationChain: MessageType<AttestationChain> = {
  name: "moby.buildkit.v1.frontend.AttestationChain",
  fields: [
    field(1, "root", "string", "one", "Root"),
    field(2, "imageManifest", "string", "one", "ImageManifest"),
    field(3, "attestationManifest", "string", "one", "AttestationManifest"),
    field(4, "signatureManifests", "string", "list", "SignatureManifests"),
    field(5, "blobs", () => Blob, "map", "Blobs"),
  ],
};

export interface Blob {
  readonly descriptor?: Descriptor;
  readonly data: Uint8Array;
}
export const Blob: MessageType<Blob> = {
  name: "moby.buildkit.v1.frontend.Blob",
  fields: [
    field(1, "descriptor", () => Descriptor),
    field(2, "data", "bytes"),
  ],
};

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: bigint;
  readonly annotations: ReadonlyMap<string, string>;
}
export const Descriptor: MessageType<Descriptor> = {
  name: "moby.buildkit.v1.frontend.Descriptor",
  fields: [
    field(1, "mediaType", "string"),
    field(2, "digest", "string"),
    field(3, "size", "int64"),
    field(5, "annotations", "string", "map"),
  ],
};

export interface ResolveSourceGitRequest {
  readonly returnObject: boolean;
}
export const ResolveSourceGitRequest: MessageType<ResolveSourceGitRequest> = {
  name: "moby.buildkit.v1.frontend.ResolveSourceGitRequest",
  fields: [
    field(1, "returnObject", "bool", "one", "ReturnObject"),
  ],
};

export interface ResolveSourceGitResponse {
  readonly checksum: string;
  readonly ref: string;
  readonly commitChecksum: string;
  readonly commitObject: Uint8Array;
  readonly tagObject: Uint8Array;
}
export const ResolveSourceGitResponse: MessageType<ResolveSourceGitResponse> = {
  name: "moby.buildkit.v1.frontend.ResolveSourceGitResponse",
  fields: [
    field(1, "checksum", "string", "one", "Checksum"),
    field(2, "ref", "string", "one", "Ref"),
    field(3, "commitChecksum", "string", "one", "CommitChecksum"),
    field(4, "commitObject", "bytes", "one", "CommitObject"),
    field(5, "tagObject", "bytes", "one", "TagObject"),
  ],
};

export interface ResolveSourceHTTPRequest {
  readonly checksumRequest?: ChecksumRequest;
}
export const ResolveSourceHTTPRequest: MessageType<ResolveSourceHTTPRequest> = {
  name: "moby.buildkit.v1.frontend.ResolveSourceHTTPRequest",
  fields: [
    field(1, "checksumRequest", () => ChecksumRequest, "one", "ChecksumRequest"),
  ],
};

export interface ResolveSourceHTTPResponse {
  readonly checksum: string;
  readonly filename: string;
  readonly lastModified?: protobuf.Timestamp;
  readonly checksumResponse?: ChecksumResponse;
}
export const ResolveSourceHTTPResponse: MessageType<ResolveSourceHTTPResponse> = {
  name: "moby.buildkit.v1.frontend.ResolveSourceHTTPResponse",
  fields: [
    field(1, "checksum", "string", "one", "Checksum"),
    field(2, "filename", "string", "one", "Filename"),
    field(3, "lastModified", () => protobuf.Timestamp, "one", "LastModified"),
    field(4, "checksumResponse", () => ChecksumResponse, "one", "ChecksumResponse"),
  ],
};

export interface ChecksumRequest {
  readonly algo: number;
  readonly suffix: Uint8Array;
}
export const ChecksumRequest: MessageType<ChecksumRequest> = {
  name: "moby.buildkit.v1.frontend.ChecksumRequest",
  fields: [
    field(1, "algo", "enum", "one", "Algo"),
    field(2, "suffix", "bytes", "one", "Suffix"),
  ],
};

export interface ChecksumResponse {
  readonly digest: string;
  readonly suffix: Uint8Array;
}
export const ChecksumResponse: MessageType<ChecksumResponse> = {
  name: "moby.buildkit.v1.frontend.ChecksumResponse",
  fields: [
    field(1, "digest", "string", "one", "Digest"),
    field(2, "suffix", "bytes", "one", "Suffix"),
  ],
};

export interface SolveRequest {
  readonly definition: Uint8Array;
  readonly frontend: string;
  readonly frontendOpt: ReadonlyMap<string, string>;
  readonly allowResultReturn: boolean;
  readonly allowResultArrayRef: boolean;
  readonly final: boolean;
  readonly exporterAttr: Uint8Array;
  readonly cacheImports: readonly CacheOptionsEntry[];
  readonly frontendInputs: ReadonlyMap<string, Uint8Array>;
  readonly evaluate: boolean;
  readonly sourcePolicies: readonly Uint8Array[];
}
export const SolveRequest: MessageType<SolveRequest> = {
  name: "moby.buildkit.v1.frontend.SolveRequest",
  fields: [
    field(1, "definition", "bytes", "one", "Definition"),
    field(2, "frontend", "string", "one", "Frontend"),
    field(3, "frontendOpt", "string", "map", "FrontendOpt"),
    field(5, "allowResultReturn", "bool"),
    field(6, "allowResultArrayRef", "bool"),
    field(10, "final", "bool", "one", "Final"),
    field(11, "exporterAttr", "bytes", "one", "ExporterAttr"),
    field(12, "cacheImports", () => CacheOptionsEntry, "list", "CacheImports"),
    field(13, "frontendInputs", "bytes", "map", "FrontendInputs"),
    field(14, "evaluate", "bool", "one", "Evaluate"),
    field(15, "sourcePolicies", "bytes", "list", "SourcePolicies"),
  ],
};

export interface CacheOptionsEntry {
  readonly type: string;
  readonly attrs: ReadonlyMap<string, string>;
}
export const CacheOptionsEntry: MessageType<CacheOptionsEntry> = {
  name: "moby.buildkit.v1.frontend.CacheOptionsEntry",
  fields: [
    field(1, "type", "string", "one", "Type"),
    field(2, "attrs", "string", "map", "Attrs"),
  ],
};

export interface SolveResponse {
  readonly ref: string;
  readonly result?: Result;
}
export const SolveResponse: MessageType<SolveResponse> = {
  name: "moby.buildkit.v1.frontend.SolveResponse",
  fields: [
    field(1, "ref", "string"),
    field(3, "result", () => Result),
  ],
};

export interface ReadFileRequest {
  readonly ref: string;
  readonly filePath: string;
  readonly range?: FileRange;
  readonly mountIndex: number;
}
export const ReadFileRequest: MessageType<ReadFileRequest> = {
  name: "moby.buildkit.v1.frontend.ReadFileRequest",
  fields: [
    field(1, "ref", "string", "one", "Ref"),
    field(2, "filePath", "raw", "one", "FilePath"),
    field(3, "range", () => FileRange, "one", "Range"),
    field(4, "mountIndex", "int32", "one", "MountIndex"),
  ],
};

export interface FileRange {
  readonly offset: bigint;
  readonly length: bigint;
}
export const FileRange: MessageType<FileRange> = {
  name: "moby.buildkit.v1.frontend.FileRange",
  fields: [
    field(1, "offset", "int64", "one", "Offset"),
    field(2, "length", "int64", "one", "Length"),
  ],
};

export interface ReadFileResponse {
  readonly data: Uint8Array;
}
export const ReadFileResponse: MessageType<ReadFileResponse> = {
  name: "moby.buildkit.v1.frontend.ReadFileResponse",
  fields: [
    field(1, "data", "bytes", "one", "Data"),
  ],
};

export interface ReadDirRequest {
  readonly ref: string;
  readonly dirPath: string;
  readonly includePattern: string;
  readonly mountIndex: number;
}
export const ReadDirRequest: MessageType<ReadDirRequest> = {
  name: "moby.buildkit.v1.frontend.ReadDirRequest",
  fields: [
    field(1, "ref", "string", "one", "Ref"),
    field(2, "dirPath", "raw", "one", "DirPath"),
    field(3, "includePattern", "string", "one", "IncludePattern"),
    field(4, "mountIndex", "int32", "one", "MountIndex"),
  ],
};

export interface ReadDirResponse {
  readonly entries: readonly fsutil.Stat[];
}
export const ReadDirResponse: MessageType<ReadDirResponse> = {
  name: "moby.buildkit.v1.frontend.ReadDirResponse",
  fields: [
    field(1, "entries", () => fsutil.Stat, "list"),
  ],
};

export interface StatFileRequest {
  readonly ref: string;
  readonly path: string;
  readonly mountIndex: number;
}
export const StatFileRequest: MessageType<StatFileRequest> = {
  name: "moby.buildkit.v1.frontend.StatFileRequest",
  fields: [
    field(1, "ref", "string", "one", "Ref"),
    field(2, "path", "raw", "one", "Path"),
    field(3, "mountIndex", "int32", "one", "MountIndex"),
  ],
};

export interface StatFileResponse {
  readonly stat?: fsutil.Stat;
}
export const StatFileResponse: MessageType<StatFileResponse> = {
  name: "moby.buildkit.v1.frontend.StatFileResponse",
  fields: [
    field(1, "stat", () => fsutil.Stat),
  ],
};

export interface EvaluateRequest {
  readonly ref: string;
}
export const EvaluateRequest: MessageType<EvaluateRequest> = {
  name: "moby.buildkit.v1.frontend.EvaluateRequest",
  fields: [
    field(1, "ref", "string", "one", "Ref"),
  ],
};

export interface EvaluateResponse {
}
export const EvaluateResponse: MessageType<EvaluateResponse> = {
  name: "moby.buildkit.v1.frontend.EvaluateResponse",
  fields: [
  ],
};

export interface PingRequest {
}
export const PingRequest: MessageType<PingRequest> = {
  name: "moby.buildkit.v1.frontend.PingRequest",
  fields: [
  ],
};

export interface PongResponse {
  readonly frontendAPICaps: readonly caps.APICap[];
  readonly llbCaps: readonly caps.APICap[];
  readonly workers: readonly types.WorkerRecord[];
}
export const PongResponse: MessageType<PongResponse> = {
  name: "moby.buildkit.v1.frontend.PongResponse",
  fields: [
    field(1, "frontendAPICaps", () => caps.APICap, "list", "FrontendAPICaps"),
    field(2, "llbCaps", () => caps.APICap, "list", "LLBCaps"),
    field(3, "workers", () => types.WorkerRecord, "list", "Workers"),
  ],
};

export interface WarnRequest {
  readonly digest: string;
  readonly level: bigint;
  readonly short: Uint8Array;
  readonly detail: readonly Uint8Array[];
  readonly url: string;
  readonly info?: llb.SourceInfo;
  readonly ranges: readonly llb.Range[];
}
export const WarnRequest: MessageType<WarnRequest> = {
  name: "moby.buildkit.v1.frontend.WarnRequest",
  fields: [
    field(1, "digest", "string"),
    field(2, "level", "int64"),
    field(3, "short", "bytes"),
    field(4, "detail", "bytes", "list"),
    field(5, "url", "string"),
    field(6, "info", () => llb.SourceInfo),
    field(7, "ranges", () => llb.Range, "list"),
  ],
};

export interface WarnResponse {
}
export const WarnResponse: MessageType<WarnResponse> = {
  name: "moby.buildkit.v1.frontend.WarnResponse",
  fields: [
  ],
};

export interface NewContainerRequest {
  readonly containerID: string;
  readonly mounts: readonly llb.Mount[];
  readonly network: number;
  readonly platform?: llb.Platform;
  readonly constraints?: llb.WorkerConstraints;
  readonly extraHosts: readonly llb.HostIP[];
  readonly hostname: string;
}
export const NewContainerRequest: MessageType<NewContainerRequest> = {
  name: "moby.buildkit.v1.frontend.NewContainerRequest",
  fields: [
    field(1, "containerID", "string", "one", "ContainerID"),
    field(2, "mounts", () => llb.Mount, "list", "Mounts"),
    field(3, "network", "enum", "one", "Network"),
    field(4, "platform", () => llb.Platform),
    field(5, "constraints", () => llb.WorkerConstraints),
    field(6, "extraHosts", () => llb.HostIP, "list"),
    field(7, "hostname", "string"),
  ],
};

export interface NewContainerResponse {
}
export const NewContainerResponse: MessageType<NewContainerResponse> = {
  name: "moby.buildkit.v1.frontend.NewContainerResponse",
  fields: [
  ],
};

export interface ReleaseContainerRequest {
  readonly containerID: string;
}
export const ReleaseContainerRequest: MessageType<ReleaseContainerRequest> = {
  name: "moby.buildkit.v1.frontend.ReleaseContainerRequest",
  fields: [
    field(1, "containerID", "string", "one", "ContainerID"),
  ],
};

export interface ReleaseContainerResponse {
}
export const ReleaseContainerResponse: MessageType<ReleaseContainerResponse> = {
  name: "moby.buildkit.v1.frontend.ReleaseContainerResponse",
  fields: [
  ],
};

export interface ExecMessage {
  readonly processID: string;
  readonly input?:
    | { readonly case: "init"; readonly value: InitMessage }
    | { readonly case: "file"; readonly value: FdMessage }
    | { readonly case: "resize"; readonly value: ResizeMessage }
    | { readonly case: "started"; readonly value: StartedMessage }
    | { readonly case: "exit"; readonly value: ExitMessage }
    | { readonly case: "done"; readonly value: DoneMessage }
    | { readonly case: "signal"; readonly value: SignalMessage };
}
export const ExecMessage: MessageType<ExecMessage> = {
  name: "moby.buildkit.v1.frontend.ExecMessage",
  fields: [
    field(1, "processID", "string", "one", "ProcessID"),
    unionCase(2, "init", () => InitMessage, "input"),
    unionCase(3, "file", () => FdMessage, "input"),
    unionCase(4, "resize", () => ResizeMessage, "input"),
    unionCase(5, "started", () => StartedMessage, "input"),
    unionCase(6, "exit", () => ExitMessage, "input"),
    unionCase(7, "done", () => DoneMessage, "input"),
    unionCase(8, "signal", () => SignalMessage, "input"),
  ],
};

export interface InitMessage {
  readonly containerID: string;
  readonly meta?: llb.Meta;
  readonly fds: readonly number[];
  readonly tty: boolean;
  readonly security: number;
  readonly secretenv: readonly llb.SecretEnv[];
}
export const InitMessage: MessageType<InitMessage> = {
  name: "moby.buildkit.v1.frontend.InitMessage",
  fields: [
    field(1, "containerID", "string", "one", "ContainerID"),
    field(2, "meta", () => llb.Meta, "one", "Meta"),
    field(3, "fds", "uint32", "list", "Fds"),
    field(4, "tty", "bool", "one", "Tty"),
    field(5, "security", "enum", "one", "Security"),
    field(6, "secretenv", () => llb.SecretEnv, "list"),
  ],
};

export interface ExitMessage {
  readonly code: number;
  readonly error?: status.Status;
}
export const ExitMessage: MessageType<ExitMessage> = {
  name: "moby.buildkit.v1.frontend.ExitMessage",
  fields: [
    field(1, "code", "uint32", "one", "Code"),
    field(2, "error", () => status.Status, "one", "Error"),
  ],
};

export interface StartedMessage {
}
export const StartedMessage: MessageType<StartedMessage> = {
  name: "moby.buildkit.v1.frontend.StartedMessage",
  fields: [
  ],
};

export interface DoneMessage {
}
export const DoneMessage: MessageType<DoneMessage> = {
  name: "moby.buildkit.v1.frontend.DoneMessage",
  fields: [
  ],
};

export interface FdMessage {
  readonly fd: number;
  readonly eof: boolean;
  readonly data: Uint8Array;
}
export const FdMessage: MessageType<FdMessage> = {
  name: "moby.buildkit.v1.frontend.FdMessage",
  fields: [
    field(1, "fd", "uint32", "one", "Fd"),
    field(2, "eof", "bool", "one", "EOF"),
    field(3, "data", "bytes", "one", "Data"),
  ],
};

export interface ResizeMessage {
  readonly rows: number;
  readonly cols: number;
}
export const ResizeMessage: MessageType<ResizeMessage> = {
  name: "moby.buildkit.v1.frontend.ResizeMessage",
  fields: [
    field(1, "rows", "uint32", "one", "Rows"),
    field(2, "cols", "uint32", "one", "Cols"),
  ],
};

export interface SignalMessage {
  readonly name: string;
}
export const SignalMessage: MessageType<SignalMessage> = {
  name: "moby.buildkit.v1.frontend.SignalMessage",
  fields: [
    field(1, "name", "string", "one", "Name"),
  ],
};

export const LLBBridgeService = {
  ResolveImageConfig: method("/moby.buildkit.v1.frontend.LLBBridge/ResolveImageConfig", ResolveImageConfigRequest, ResolveImageConfigResponse, false, false),
  ResolveSourceMeta: method("/moby.buildkit.v1.frontend.LLBBridge/ResolveSourceMeta", ResolveSourceMetaRequest, ResolveSourceMetaResponse, false, false),
  Solve: method("/moby.buildkit.v1.frontend.LLBBridge/Solve", SolveRequest, SolveResponse, false, false),
  ReadFile: method("/moby.buildkit.v1.frontend.LLBBridge/ReadFile", ReadFileRequest, ReadFileResponse, false, false),
  ReadDir: method("/moby.buildkit.v1.frontend.LLBBridge/ReadDir", ReadDirRequest, ReadDirResponse, false, false),
  StatFile: method("/moby.buildkit.v1.frontend.LLBBridge/StatFile", StatFileRequest, StatFileResponse, false, false),
  Evaluate: method("/moby.buildkit.v1.frontend.LLBBridge/Evaluate", EvaluateRequest, EvaluateResponse, false, false),
  Ping: method("/moby.buildkit.v1.frontend.LLBBridge/Ping", PingRequest, PongResponse, false, false),
  Return: method("/moby.buildkit.v1.frontend.LLBBridge/Return", ReturnRequest, ReturnResponse, false, false),
  Inputs: method("/moby.buildkit.v1.frontend.LLBBridge/Inputs", InputsRequest, InputsResponse, false, false),
  NewContainer: method("/moby.buildkit.v1.frontend.LLBBridge/NewContainer", NewContainerRequest, NewContainerResponse, false, false),
  ReleaseContainer: method("/moby.buildkit.v1.frontend.LLBBridge/ReleaseContainer", ReleaseContainerRequest, ReleaseContainerResponse, false, false),
  ExecProcess: method("/moby.buildkit.v1.frontend.LLBBridge/ExecProcess", ExecMessage, ExecMessage, true, true),
  ReadFileContainer: method("/moby.buildkit.v1.frontend.LLBBridge/ReadFileContainer", ReadFileRequest, ReadFileResponse, false, false),
  ReadDirContainer: method("/moby.buildkit.v1.frontend.LLBBridge/ReadDirContainer", ReadDirRequest, ReadDirResponse, false, false),
  StatFileContainer: method("/moby.buildkit.v1.frontend.LLBBridge/StatFileContainer", StatFileRequest, StatFileResponse, false, false),
  Warn: method("/moby.buildkit.v1.frontend.LLBBridge/Warn", WarnRequest, WarnResponse, false, false),
};
