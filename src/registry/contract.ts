import type { Bytes, Digest, Scope } from "../kit/index.ts";
import type { Descriptor } from "../oci/index.ts";

/** A user name and password, an identity token, or a ready bearer token for a registry host. */
export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "identityToken"; readonly token: string }
  | { readonly kind: "bearer"; readonly token: string };

/** Asks whoever has them for the credentials of a host (`docker.io`, `registry.example:5000`). */
export interface CredentialsSource {
  (host: string, scope: Scope): Promise<Credentials>;
  /** Gets tokens itself, so that its password stays with it. Undefined for one: it does not; ask for credentials. */
  readonly tokens?: TokenSource;
}

/** Gets a bearer token for a host: what the challenge says goes in, the token and when it ends (milliseconds) come out. */
export type TokenSource = (
  host: string,
  wish: { readonly realm: string; readonly service: string; readonly scopes: readonly string[] },
  scope: Scope,
) => Promise<{ readonly token: string; readonly expires: number } | undefined>;

/** `[registry."host"]` of buildkitd.toml. */
export interface HostOptions {
  readonly mirrors?: readonly string[];
  readonly http?: boolean;
  readonly insecure?: boolean;
  readonly ca?: readonly string[];
  readonly keyPairs?: readonly { readonly key: string; readonly cert: string }[];
}

/**
 * One client for all registries of a process: keeps connections and tokens. Names are canonical references
 * (`docker.io/library/busybox:latest`, with or without digest).
 * Errors: `registry/not-found`, `registry/unauthorized`, `registry/denied`, `registry/unreachable`, `registry/bad-answer`
 * (a wrong digest, length or document), `registry/failed` (5xx after retries). Messages never contain secrets.
 */
export interface RegistryClient extends AsyncDisposable {
  /** The descriptor and bytes of the manifest or index that `name` points to; verified when the name has a digest. */
  resolve(name: string, access: RegistryAccess, scope: Scope, options?: ResolveOptions): Promise<ResolvedManifest>;
  /** A manifest by digest. */
  manifest(name: string, descriptor: Descriptor, access: RegistryAccess, scope: Scope): Promise<Buffer>;
  /**
   * The bytes of a blob, verified as they pass: a wrong digest or length throws at the end. Broken transfers are resumed with a
   * range request, then retried, so what comes out is the blob once or an error. A wrong digest is retried by itself only up
   * to 4 MiB (held back until verified); above that the bytes are out already: `receiveBlob` asks again for the whole blob.
   */
  blob(name: string, descriptor: Descriptor, access: RegistryAccess, scope: Scope, options?: BlobOptions): Bytes;
  /** Bytes of a blob of which only the digest is known. */
  blobSize(name: string, digest: Digest, access: RegistryAccess, scope: Scope): Promise<number>;
  /** Descriptors of what refers to a manifest as its subject (signatures, say); at most what fits into one answer. */
  referrers(name: string, digest: Digest, access: RegistryAccess, scope: Scope): Promise<readonly Descriptor[]>;
  /** Uploads a blob unless the registry has it; mounts it from another repository of the same registry when it can. */
  pushBlob(
    name: string,
    descriptor: Descriptor,
    options: PushBlobOptions,
    access: RegistryAccess,
    scope: Scope,
  ): Promise<PushOutcome>;
  /** Puts a manifest or index under the tag of `name`, or under its digest when `byDigest`. */
  pushManifest(
    name: string,
    descriptor: Descriptor,
    bytes: Uint8Array,
    options: { readonly byDigest: boolean },
    access: RegistryAccess,
    scope: Scope,
  ): Promise<void>;
}
export interface ResolveOptions {
  /**
   * The bytes of a manifest that is here already, by digest: then a HEAD of a tag is all that is sent, and nothing at all for
   * a name with a digest. The bytes are verified.
   */
  readonly known?: (digest: Digest) => Promise<Buffer | undefined>;
}
export interface BlobOptions {
  /** False when the receiver verifies the digest itself (a blob store's `put` does): saves hashing it twice. */
  readonly verify?: boolean;
}
export interface RegistryAccess {
  readonly credentials: CredentialsSource;
  /** Overrides for this use (`registry.insecure=true`): wins over the client's host options. */
  readonly host?: HostOptions;
}
export interface PushBlobOptions {
  /** Canonical repository names that may hold the blob already. */
  readonly mountFrom: readonly string[];
  /** Opens the blob's bytes from the beginning; may be called again on a retry. */
  readonly open: () => Bytes;
  /** Bytes sent so far, for progress. */
  readonly onProgress?: (sent: number) => void;
}
export type PushOutcome = "exists" | "mounted" | "uploaded";
export interface ResolvedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}
export type { Digest };
