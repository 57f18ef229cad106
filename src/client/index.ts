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
