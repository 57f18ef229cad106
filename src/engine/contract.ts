import type { Isolation, NetworkOptions, StepLimits } from "../executor/index.ts";
import type { FrontendResult } from "../frontend/index.ts";
import type { FileInfo, GatewayBridge } from "../gateway/index.ts";
import type { Digest, Scope } from "../kit/index.ts";
import type { Platform } from "../oci/index.ts";
import type { CdiDevice, DeviceOptions } from "../ops/index.ts";
import type { HostOptions as RegistryOptions } from "../registry/index.ts";
import type { Session } from "../session/index.ts";

/** A build as `Control.Solve` states it. */
export interface BuildRequest {
  readonly ref: string;
  /** Of which trace the build is part (W3C); for engines elsewhere. */
  readonly traceparent?: string;
  /** Whose work the processes of a vertex are (`traceparent`), or without one those of the frontend; absent: the build is not traced. */
  readonly traceOf?: (vertex?: Digest) => string;
  /** Empty: `definition` is solved directly. */
  readonly frontend: string;
  readonly frontendOptions: Readonly<Record<string, string>>;
  readonly definition?: Uint8Array;
  /** Definitions that the client passes to the frontend by value, by name. */
  readonly frontendInputs?: ReadonlyMap<string, Uint8Array>;
  readonly exporters: readonly ExporterRequest[];
  readonly cacheImports: readonly CacheEntry[];
  readonly cacheExports: readonly CacheEntry[];
  readonly entitlements: readonly string[];
  readonly noCache: boolean;
  /** The client asks the frontend by itself, as upstream's does: the build as a whole was asked for no frontend. */
  readonly clientAsks?: boolean;
  /** Of upstream's numbers; the newest when absent. */
  readonly compatibilityVersion?: number;
  /** Told, before the build ends, how each platform's result ("" for a single one) came about; also when writing it out failed. */
  readonly onProvenance?: (platform: string, provenance: Provenance) => Promise<void>;
  readonly sourcePolicy?: Uint8Array;
  /** Steps reach the network by way of the builder's proxy alone. */
  readonly proxyNetwork?: boolean;
  /** Asked about each source, when the policy allows it. */
  readonly verifySource?: VerifySource;
  /** Asked for exporters beside the request's when the result is there. */
  readonly chooseExporters?: (result: BuiltResult, scope: Scope) => Promise<readonly ExporterRequest[]>;
}
/** A predicate of SLSA's. */
export interface Provenance {
  readonly predicateType: string;
  readonly predicate: Uint8Array;
}
/** What a source is, as LLB has it. */
export interface SourceSpec {
  readonly identifier: string;
  readonly attrs: ReadonlyMap<string, string>;
}
/**
 * Decides about a source: undefined to use it, another one to use (and to be asked about) instead. Throws when it may not be used.
 * `bridge` tells what sources are, whatever policies say; each use of `spend` is one of the questions that a source may cause.
 */
export type VerifySource = (
  source: SourceSpec,
  platform: Platform | undefined,
  around: { readonly bridge: GatewayBridge; readonly spend: () => void; readonly scope: Scope },
) => Promise<SourceSpec | undefined>;

/** What a build came to, for a caller that chooses exporters only then. */
export interface BuiltResult {
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  /** Names by which the build's gateway knows the results. */
  readonly refs: readonly string[];
}
export interface ExporterRequest {
  /** `image`, `oci`, `docker`, `tar`, `local`. */
  readonly type: string;
  readonly attrs: Readonly<Record<string, string>>;
}
export interface CacheEntry {
  readonly type: string;
  readonly attrs: Readonly<Record<string, string>>;
}
/** `ExporterResponse`: `containerimage.digest`, `containerimage.config.digest`, `image.name`, … */
export interface BuildResponse {
  readonly exporterResponse: Readonly<Record<string, string>>;
  /** The same apart, in the order of the request's exporters. Absent where the engine is elsewhere. */
  readonly exported?: readonly Readonly<Record<string, string>>[];
  /** What the frontend returned beside its refs (`result.txt`, `result.json`, … of a subrequest). */
  readonly frontendMetadata?: ReadonlyMap<string, Uint8Array>;
}

/** One update of a build's progress; the shape of upstream's `client.SolveStatus`, which `--progress=rawjson` prints. */
export interface SolveStatus {
  readonly vertexes?: readonly VertexStatus[];
  readonly statuses?: readonly TaskStatus[];
  readonly logs?: readonly VertexLog[];
  readonly warnings?: readonly VertexWarning[];
}
export interface VertexStatus {
  readonly digest: Digest;
  readonly inputs?: readonly Digest[];
  readonly name: string;
  readonly started?: Date;
  readonly completed?: Date;
  readonly cached?: boolean;
  readonly error?: string;
  readonly progressGroup?: { readonly id: string; readonly name: string; readonly weak: boolean };
}
export interface TaskStatus {
  readonly id: string;
  readonly vertex: Digest;
  readonly name: string;
  readonly total?: number;
  readonly current: number;
  readonly timestamp: Date;
  readonly started?: Date;
  readonly completed?: Date;
}
export interface VertexLog {
  readonly vertex: Digest;
  /** 1 standard output, 2 standard error. */
  readonly stream: number;
  readonly data: Uint8Array;
  readonly timestamp: Date;
}
export interface VertexWarning {
  readonly vertex: Digest;
  readonly level: number;
  readonly short: Uint8Array;
  readonly detail: readonly Uint8Array[];
  readonly url: string;
  readonly sourceInfo?: { readonly filename: string; readonly data: Uint8Array; readonly language: string };
  readonly range: readonly {
    readonly start: { readonly line: number; readonly character: number };
    readonly end: { readonly line: number; readonly character: number };
  }[];
}

export type { FileInfo, GatewayBridge, NetworkOptions, RegistryOptions, StepLimits };

/** `[frontend]` of buildkitd.toml. */
export interface FrontendOptions {
  /** `dockerfile.v0`, `gateway.v0`. */
  readonly disabled: readonly string[];
  /** Repositories whose images may be frontends; empty: any. */
  readonly allowedRepositories: readonly string[];
}

/** What the flags and buildkitd.toml say about the engine. */
export interface EngineOptions {
  readonly root: string;
  readonly debug: boolean;
  /** `auto`, `overlayfs`, `native`. */
  readonly snapshotter: string;
  /** Name or path of the runtime binary; empty: probe. */
  readonly ociWorkerBinary: string;
  /** Parsed `[registry]` table. */
  readonly registries: Readonly<Record<string, RegistryOptions>>;
  readonly insecureEntitlements: readonly string[];
  /** `auto`, `cni`, `bridge`, `host` or `none`. */
  readonly networkMode: string;
  /** For networks of steps' own; absent: upstream's defaults. */
  readonly networks?: NetworkOptions;
  /** A socket, served by whoever opens the engine, by which processes of steps send spans; absent: they cannot. */
  readonly traceSocket?: string;
  /** Where the Container Device Interface has its files, and what builds may have without being granted; absent: it is switched off. */
  readonly devices?: DeviceOptions;
  readonly maxParallelism: number;
  /** Where the control groups of steps go that do not say. */
  readonly cgroupParent?: string;
  /** What steps may use at most, where they say nothing themselves. */
  readonly stepLimits?: StepLimits;
  /** The way of isolation that is asked for, unchecked; absent: `auto`. */
  readonly askedIsolation?: string;
  /** The way of isolation that was taken (`takeIsolation`); absent: containers, as for a process with all rights. */
  readonly isolation?: Isolation;
  readonly frontends?: FrontendOptions;
  /** Steps of all builds reach the network by way of the builder's proxy alone (`proxyNetwork`). */
  readonly proxyNetwork?: boolean;
  /** The folder of what the operator adds to all provenance; absent: upstream's. */
  readonly provenanceEnvDir?: string;
  /** Rules of garbage collection, run in turn. A build in this process runs them at its end, at most once a minute. */
  readonly gcPolicies?: readonly GcPolicy[];
  readonly dns?: {
    readonly nameservers: readonly string[];
    readonly options: readonly string[];
    readonly searchDomains: readonly string[];
  };
}

/** A frontend that the caller runs itself: asks through the bridge, and settles with the result. */
export type OwnFrontend = (bridge: GatewayBridge, scope: Scope) => Promise<FrontendResult>;

/** What takes room, and how it gets smaller: storage's reclaim. */
export interface Housekeeping {
  usage(scope: Scope): Promise<readonly UsageEntry[]>;
  /** Takes away what the request allows, and tells what went. Throws `kit/bad-filter`. */
  prune(request: PruneRequest, scope: Scope): Promise<readonly UsageEntry[]>;
  /** Tells that no build runs at this moment. */
  rest(): void;
  /** A folder that stays for one purpose, its user's alone until disposal; reclaim may take it while no build runs. */
  lendFolder(space: string, key: string, description?: string): Promise<Disposable & { readonly path: string }>;
  /** The file that holds a blob; undefined when it is not here. */
  blob(digest: Digest): Promise<{ readonly path: string; readonly size: number } | undefined>;
}
/** What may go, as upstream's `PruneInfo`: whatever is left out or 0 sets no limit. */
export interface PruneRequest {
  readonly all?: boolean;
  /** containerd's filters, of which any must hold. */
  readonly filters?: readonly string[];
  /** Milliseconds since the last use. */
  readonly keepDuration?: number;
  /** Bytes: never fewer are left; no more than these are left; so many are to be free on the disk. */
  readonly reservedSpace?: number;
  readonly maxUsedSpace?: number;
  readonly minFreeSpace?: number;
}
/** A rule of garbage collection. */
export type GcPolicy = Required<PruneRequest>;
export interface UsageEntry {
  readonly kind: "snapshot" | "blob" | "kept";
  readonly id: string;
  readonly parent: string | undefined;
  readonly description: string | undefined;
  readonly size: number;
  readonly created: Date;
  readonly used: Date;
  /** How many builds, or groups of builds at one time, used it. */
  readonly uses: number;
  readonly inUse: boolean;
}

/**
 * Builds, in this process. `details` of its errors: `{kind:"source", …}` (frontend contract) and `{kind:"exit", code}`.
 */
export interface Engine extends AsyncDisposable {
  /** Absent where the engine is elsewhere. */
  readonly housekeeping?: Housekeeping;
  /** Name of the snapshot driver: `overlayfs` or `native`. */
  readonly snapshotter?: string;
  /** What steps' network is by default: `cni`, `host` or `none`. */
  readonly network?: string;
  /** The devices that are registered on this machine. */
  devices?(): Promise<readonly Pick<CdiDevice, "name" | "autoAllow" | "annotations">[]>;
  build(
    request: BuildRequest,
    session: Session,
    onStatus: (status: SolveStatus) => void,
    scope: Scope,
    /** Instead of a frontend or a definition in the request. */
    own?: OwnFrontend,
  ): Promise<BuildResponse>;
}
export type OpenEngine = (options: EngineOptions, scope: Scope) => Promise<Engine>;
