import type { Digest } from "../kit/index.ts";
import type { Platform } from "../oci/index.ts";

/** What a build took from elsewhere. Names of images as they were asked for, perhaps with a digest. */
export interface Sources {
  readonly images: readonly ImageUse[];
  readonly blobs: readonly BlobUse[];
  readonly git: readonly GitUse[];
  readonly http: readonly HttpUse[];
  /** Names of the caller's directories. */
  readonly locals: readonly string[];
}
export interface ImageUse {
  readonly ref: string;
  readonly platform?: Platform;
  readonly digest: Digest;
  /** From a layout that the caller offers, not from a registry. */
  readonly local: boolean;
}
export interface BlobUse {
  readonly ref: string;
  readonly digest: Digest;
  readonly local: boolean;
}
/** `url` with its ref as fragment; `bundle`: the blob that the commit came in, as `SCHEME://NAME@DIGEST`. */
export interface GitUse {
  readonly url: string;
  readonly commit: string;
  readonly bundle?: string;
}
export interface HttpUse {
  readonly url: string;
  readonly digest: Digest;
}

/** A secret or an ssh agent that a step may have used: its name, never its value. */
export interface Offer {
  readonly id: string;
  readonly optional: boolean;
}

/** All that the steps behind a result took. */
export interface Capture {
  readonly sources: Sources;
  readonly secrets: readonly Offer[];
  readonly ssh: readonly Offer[];
  /** A step could reach the network. */
  readonly network: boolean;
  /** Something was used that cannot be told. */
  readonly incomplete: boolean;
  /** Steps reached the network by way of the builder's proxy alone; what that could not tell whole. */
  readonly proxy?: { readonly gaps: readonly ProxyGap[] };
}
/** A request of a step's that says nothing certain of what was got. `op` is the step's digest, `name` its command. */
export interface ProxyGap {
  readonly op: string;
  readonly name: string;
  readonly method: string;
  readonly uri: string;
  readonly reason: string;
}

/** What a frontend was asked, or the builder itself (`frontend` empty), as it was sent. */
export interface AskedRequest {
  readonly frontend: string;
  readonly options: Readonly<Record<string, string>>;
  /** Where inputs come from, by name: the requests that made them. Several that differ tell nothing. */
  readonly inputs: ReadonlyMap<string, readonly AskedRequest[]>;
}

/** A result, and how it came about. */
export interface ProvenanceRecord {
  readonly capture: Capture;
  /** The request that made the result; absent when the client solved it step by step. */
  readonly request?: AskedRequest;
  /** What the build itself was asked for. */
  readonly root?: AskedRequest;
  /** The result's definition, marshalled. */
  readonly definition?: Uint8Array;
}

/** The build that the result is from. Times are milliseconds since 1970, with fractions. */
export interface Invocation {
  readonly id: string;
  readonly started: number;
  readonly finished: number;
  readonly builderPlatform: Platform;
  readonly compatibilityVersion: number;
  /** Version of the Dockerfile's language here. */
  readonly dockerfileVersion: string;
  /** What the operator adds (`provenanceEnvDir`). */
  readonly environment?: Readonly<Record<string, unknown>>;
}

/** Blobs of a step's output, by digest of the step and number of the output: one chain per compression that is there. */
export type StepLayers = ReadonlyMap<string, readonly (readonly LayerBlob[])[]>;
export interface LayerBlob {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** How the predicate is wanted. */
export interface PredicateOptions {
  readonly version: "v1" | "v0.2";
  readonly mode: "min" | "max";
  readonly builderId: string;
  readonly reproducible: boolean;
  /** Fails when something was used that cannot be told. */
  readonly completeMaterials: boolean;
}
