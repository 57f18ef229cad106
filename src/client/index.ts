export type {
  BuildRequest,
  BuildResponse,
  CacheEntry,
  EngineOptions,
  ExporterRequest,
  OpenEngine,
  RegistryOptions,
  SolveStatus,
  TaskStatus,
  VertexLog,
  VertexStatus,
  VertexWarning,
} from "../engine/index.ts";
export type { LocalSessionOptions, OutputSpec, OutputStream, SecretSource, SshSource } from "../session/index.ts";
export { type BuildCall, build } from "./build.ts";
export { checkDefinition } from "./definition.ts";
export { type DaemonAddress, type DaemonConnection, dial } from "./remote/dial.ts";
export { type BuildkitVersion, queries, type UsageRecord, type WorkerRecord } from "./remote/queries.ts";
export { remoteEngine } from "./remote/remote-engine.ts";
export { dateOf } from "./remote/status.ts";
