import type { Digest, Scope } from "../kit/index.ts";
import type { AttestationSubject, Descriptor, Platform } from "../oci/index.ts";

/** A marshalled LLB definition (`pb.Definition`): the bytes of its ops are their identity. */
export interface DefinitionBytes {
  readonly definition: Uint8Array;
}

/** A solved reference; what the frontend may look into. */
export interface FrontendRef {
  readonly id: string;
}

/** What a frontend is asked to build: upstream's `FrontendOpt` map and named inputs. */
export interface FrontendRequest {
  /** `filename`, `target`, `build-arg:X`, `platform`, `context:NAME`, … exactly as sent. */
  readonly options: Readonly<Record<string, string>>;
  /** Inputs that clients pass by value, as definitions. */
  readonly inputs: ReadonlyMap<string, DefinitionBytes>;
}

/** One build's result: a ref per platform (or one), and metadata such as `containerimage.config`. */
export interface FrontendResult {
  /** Undefined ref: an empty image. Key "" for a single result. */
  readonly refs: ReadonlyMap<string, FrontendRef | undefined>;
  /** Keys as upstream names them (`containerimage.config`, `containerimage.config/linux/arm64`, `refs.platforms`, …). */
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  /** What is attested of each platform's result, by the platform's key in `refs.platforms`. */
  readonly attestations?: ReadonlyMap<string, readonly FrontendAttestation[]>;
}

/** A statement about a result in a file, or a folder of them (`bundle`), as the gateway's `Attestation`. */
export interface FrontendAttestation {
  readonly kind: "in-toto" | "bundle";
  /** `reason`, `inline-only`, `sbom-core`. */
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  readonly ref?: FrontendRef;
  readonly path: string;
  readonly predicateType: string;
  readonly subjects: readonly AttestationSubject[];
}

export interface ResolvedImageConfig {
  /** Canonical reference, possibly changed by a mirror rule or policy. */
  readonly ref: string;
  readonly digest: Digest;
  /** Exact config bytes; empty when nobody wanted them. */
  readonly config: Uint8Array;
  /** When it was asked for; an image without an index has none. */
  readonly attestations?: ImageAttestations;
}

/** What is attested of an image, as the gateway's `AttestationChain`: digests, and the blobs that prove it. */
export interface ImageAttestations {
  readonly root: Digest;
  readonly imageManifest: Digest;
  readonly attestationManifest?: Digest;
  readonly signatureManifests: readonly Digest[];
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly data: Uint8Array }[];
}

/** A warning with its place, as `Control.Status` carries it. `level` 1 is shown by default. */
export interface FrontendWarning {
  readonly level: number;
  readonly short: string;
  readonly detail: readonly string[];
  readonly url: string;
  readonly source?: SourceFile;
  readonly ranges: readonly SourceRange[];
}
export interface SourceFile {
  readonly filename: string;
  readonly data: Uint8Array;
  readonly language: string;
  /** The definition that the file came from, when it came from one. */
  readonly definition?: DefinitionBytes;
}
/** Lines from 1, characters (UTF-16 as in LSP, as upstream counts) from 0. */
export interface SourceRange {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}
/** `details` of a CooperError that points into a source file. */
export interface SourceErrorDetails {
  readonly kind: "source";
  readonly source: SourceFile;
  /** Whole lines, as upstream gives them; none when upstream names no place for the error. */
  readonly ranges: readonly SourceRange[];
  /** The word that is to blame, else the line that is. */
  readonly exact?: SourceRange;
  /** Upstream names no place for this error: clients of a daemon are told none. */
  readonly unsent?: boolean;
  /** Further places of the same error, in upstream's order (a cycle names every stage on it). */
  readonly more?: readonly SourceErrorDetails[];
}

export type ImageResolveMode = "default" | "pull" | "local";

/** What a frontend may ask back; the engine fits it in. A frontend knows nothing else of the world. */
export interface FrontendBridge {
  readonly sessionId: string;
  /** Platforms that this worker can run, its own first. */
  readonly workerPlatforms: readonly Platform[];
  /** Capability ids that this builder understands; undefined means all (`pb.CapXxx`). */
  readonly capabilities?: ReadonlySet<string>;
  /** Loads the definition and returns a lazy ref, or with `evaluate` one whose vertices are done. */
  solve(
    definition: DefinitionBytes,
    options: { readonly evaluate: boolean; readonly policies?: readonly Uint8Array[] },
    scope: Scope,
  ): Promise<FrontendRef>;
  /** Runs another frontend (`gateway.v0` for a syntax directive). */
  forward(frontend: string, request: FrontendRequest, scope: Scope): Promise<FrontendResult>;
  resolveImageConfig(
    ref: string,
    options: {
      readonly platform?: Platform;
      readonly mode: ImageResolveMode;
      readonly logName: string;
      /** Set for `oci-layout://` references. */
      readonly ociLayout?: { readonly sessionId: string; readonly storeId: string };
      /** Source policies beside the build's own, marshalled. */
      readonly policies?: readonly Uint8Array[];
      /** Not for layouts. `types`: predicates whose statements are wanted; `config` false: the image's config is not. */
      readonly attestations?: { readonly types: readonly string[]; readonly config: boolean };
    },
    scope: Scope,
  ): Promise<ResolvedImageConfig>;
  /** Git and http source metadata (`ResolveSourceMeta`), as upstream's response in plain values. */
  resolveSourceMeta?(
    identifier: string,
    attrs: Readonly<Record<string, string>>,
    options: {
      readonly logName: string;
      readonly gitObject?: boolean;
      readonly httpChecksum?: ChecksumRequest;
      readonly policies?: readonly Uint8Array[];
    },
    scope: Scope,
  ): Promise<SourceMeta>;
  /** At most 16 MiB, or the first `limit` bytes. Throws `frontend/not-found`. */
  readFile(ref: FrontendRef, path: string, scope: Scope, limit?: number): Promise<Uint8Array>;
  /** Throws `frontend/not-found`. Undefined type: neither file nor directory. */
  statFile(
    ref: FrontendRef,
    path: string,
    scope: Scope,
  ): Promise<{ readonly type: "file" | "directory" | "other"; readonly size: number }>;
  warn(vertex: Digest, warning: FrontendWarning): void;
}
export interface SourceMeta {
  readonly identifier: string;
  readonly git?: {
    readonly checksum: string;
    /** The commit that an annotated tag points to; else empty. */
    readonly commitChecksum?: string;
    readonly commitObject?: Uint8Array;
    readonly tagObject?: Uint8Array;
    readonly ref: string;
  };
  readonly http?: {
    readonly checksum: Digest;
    readonly filename: string;
    readonly lastModified?: Date;
    /** When it was asked for: of the file and the bytes after it. */
    readonly checksumResponse?: { readonly digest: Digest; readonly suffix: Uint8Array };
  };
}

/** For who checks signatures: the digest of a file with bytes after it. */
export interface ChecksumRequest {
  readonly algorithm: "sha256" | "sha384" | "sha512";
  readonly suffix: Uint8Array;
}

export interface Frontend {
  solve(request: FrontendRequest, bridge: FrontendBridge, scope: Scope): Promise<FrontendResult>;
}
