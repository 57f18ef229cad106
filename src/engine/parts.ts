import type { Executor, Isolation } from "../executor/index.ts";
import type { CacheExporter, NamedExporter } from "../export/index.ts";
import type { Frontend } from "../frontend/index.ts";
import type { DefinitionVertex } from "../llb/index.ts";
import type { DeviceRegistry, ExecTools, ImageResolver, Ref, SourceAnswers } from "../ops/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import type { Op, Solver } from "../solver/index.ts";
import type { Storage } from "../storage/index.ts";
import type { BuildRequest, CacheEntry, ExporterRequest } from "./contract.ts";
import type { EngineScope, Member } from "./engine-scope.ts";
import type { AllowFrontend } from "./frontend-rules.ts";
import type { RequestStore } from "./provenance/request-store.ts";
import type { Materialise } from "./pulled-inputs.ts";
import type { EngineResults } from "./result-store.ts";

/** What a build is made with. Everything heavy behind it loads when a build first needs it. */
export interface EngineParts {
  readonly storage: Storage;
  readonly results: EngineResults;
  readonly solver: Solver<Ref, EngineScope, Member>;
  readonly materialise: Materialise;
  /** Made when a step, or a container of a frontend, first needs it. */
  readonly executor: () => Promise<Executor>;
  readonly isolation: Isolation | undefined;
  /** Entitlements that the engine's options allow builds to ask for. */
  readonly allowedEntitlements: readonly string[];
  /** Steps of all builds reach the network by way of the builder's proxy alone. */
  readonly proxyNetwork: boolean;
  readonly proxies: NonNullable<ExecTools["proxies"]>;
  readonly traceSocket: ExecTools["traceSocket"];
  /** Absent: only device files can be given to steps. */
  readonly devices: DeviceRegistry | undefined;
  /** One per build: a tag means one image in one build. */
  imageResolver(): ImageResolver;
  makeOp(vertex: DefinitionVertex, images: ImageResolver, answers: SourceAnswers): Op<Ref, EngineScope>;
  /** Throws `engine/unknown-frontend`, `engine/source-not-allowed`. */
  readonly allowFrontend: AllowFrontend;
  /** Throws `engine/unknown-frontend`. */
  frontend(name: string): Promise<Frontend>;
  readonly registry: RegistryClient;
  /** Of all builds that run. */
  readonly requests: RequestStore;
  /** What the operator adds to all provenance. Throws `engine/bad-environment`. */
  provenanceEnvironment(): Promise<Readonly<Record<string, unknown>>>;
  /** Throws `export/unknown-cache`, `export/bad-attribute`. */
  cacheExporter(entry: CacheEntry, request: BuildRequest, member: Member): Promise<CacheExporter>;
  /** Throws `export/unknown-type`, `export/bad-attribute`. */
  exporter(exporter: ExporterRequest, request: BuildRequest, member: Member): Promise<NamedExporter>;
}
