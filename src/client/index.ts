export type {
  BuildRequest,
  BuildResponse,
  CacheEntry,
  EngineOptions,
  ExporterRequest,
  GcPolicy,
  OpenEngine,
  RegistryOptions,
  SolveStatus,
  StepLimits,
  TaskStatus,
  VertexLog,
  VertexStatus,
  VertexWarning,
} from "../engine/index.ts";
export type { LocalSessionOptions, OutputSpec, OutputStream, SecretSource, SshSource } from "../session/index.ts";
export { type BuildCall, build } from "./build.ts";
export { checkDefinition } from "./definition.ts";
export { definitionDot, definitionJson } from "./dump-definition.ts";
export type { DaemonAddress, DaemonConnection } from "./remote/dial.ts";
export type { BuildHistoryEvent, BuildkitVersion, UsageRecord, WorkerRecord } from "./remote/queries.ts";

/** Everything about daemons elsewhere; loaded when one is really asked. */
export const remote = () => import("./remote/index.ts");

/** Takes a way of isolation for builds in this process: see the engine's `takeIsolation`. */
export const takeIsolation: typeof import("../engine/index.ts").takeIsolation = async (...words) =>
  (await import("../engine/index.ts")).takeIsolation(...words);
