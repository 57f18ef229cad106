import type { Bytes, Digest, Scope } from "../kit/index.ts";
import type { BlobFolder } from "./blob-folder.ts";

/** A directory that the caller offers under a name (`context`, `dockerfile`, …), to be read in place. */
export interface LocalDirectory {
  readonly name: string;
  /** Absolute path on this machine. Stays as it is until the session ends. */
  readonly path: string;
  /** Bytes that had to be transferred, when the caller lives elsewhere. */
  readonly transferred?: number;
}

/** What of a directory is wanted: no more than that is transferred when the caller lives elsewhere. */
export interface LocalWanted {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly follow: readonly string[];
  /** Transfers of one hint are expected to be alike: the next one brings only what differs. */
  readonly sharedKeyHint: string;
  /** `none`: every file comes, whatever is here; else only files whose kind, mode, size or time differ. */
  readonly differ?: "none" | "metadata";
  /** Only entries that match come, with the folders above; the file `.fsutil-metadata` tells of all. Undefined: everything comes. */
  readonly metadataExcept?: readonly string[];
  /** Told of the bytes transferred so far, now and then. */
  readonly progress?: (bytes: number) => void;
}

export type RegistryCredentials =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "identityToken"; readonly token: string }
  | { readonly kind: "bearer"; readonly token: string };

/** What a registry's challenge asks for. */
export interface TokenWish {
  readonly realm: string;
  readonly service: string;
  readonly scopes: readonly string[];
}
export interface RegistryToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Where an exporter writes its one stream, or its tree. */
export type OutputTarget =
  | {
      readonly kind: "stream";
      readonly write: (bytes: Bytes, metadata: Readonly<Record<string, string>>, scope: Scope) => Promise<void>;
    }
  /** With `sendTree` for a directory elsewhere: then `path` is a folder that goes there in the end if no tree was sent. */
  | { readonly kind: "directory"; readonly path: string; readonly sendTree?: SendTree }
  /** A directory elsewhere: the tree is made in a folder here, which `send` then transfers, or is sent from where it is. */
  | {
      readonly kind: "tree";
      readonly send: (folder: string, scope: Scope) => Promise<void>;
      readonly sendTree?: SendTree;
    }
  | { readonly kind: "none" };

/** A tree on its way to a caller: what is in the folder `path`, all of it the caller's own. */
export interface SentTree {
  readonly path: string;
  /** The name of a folder that it goes into; empty: none. */
  readonly prefix: string;
  /** What every time is set to, in nanoseconds since 1970; undefined: as they are. */
  readonly time: bigint | undefined;
  /** Told of the bytes sent so far. */
  readonly update?: (bytes: number) => void;
}
/** Adds a tree to a caller's directory; several may follow each other. */
export type SendTree = (tree: SentTree, scope: Scope) => Promise<void>;

/** An exporter as the request has it: a caller elsewhere gets a stream or a tree by it. */
export interface AskedExporter {
  readonly type: string;
  readonly attrs: Readonly<Record<string, string>>;
}

/** Blobs by digest that a caller has. Nothing is verified: whoever reads compares. */
export interface CallerBlobs {
  /** In bytes; undefined: there is no such blob. */
  size(digest: Digest, scope: Scope): Promise<number | undefined>;
  /** Throws `session/no-blob`. */
  read(digest: Digest, scope: Scope): Promise<Bytes>;
}

/** What the caller of a build offers to the builder, wherever it lives: in this process now, behind a tunnel later. */
export interface Session {
  readonly id: string;
  /** Throws `session/no-local` when the caller did not offer it. */
  localDirectory(name: string, scope: Scope, wanted?: LocalWanted): Promise<LocalDirectory>;
  registryCredentials(host: string, scope: Scope): Promise<RegistryCredentials>;
  /** A token that the caller gets itself, so that its password stays there. Undefined: ask for credentials. */
  registryToken?(host: string, wish: TokenWish, scope: Scope): Promise<RegistryToken | undefined>;
  /** Of a caller in this process: a token for a builder elsewhere. */
  tokenFor?(host: string, wish: TokenWish, scope: Scope): Promise<RegistryToken>;
  /** The secret's bytes, or undefined when the caller has none of that id. */
  secret(id: string, scope: Scope): Promise<Uint8Array | undefined>;
  /**
   * Path of a unix socket that speaks the ssh agent protocol, or undefined. Rejects with `session/no-agent` and the caller's words
   * when the caller forwards agents, but not that one.
   */
  sshAgent(id: string, scope: Scope): Promise<string | undefined>;
  /** Another session of the same builder, for a definition that names it. Rejects when there is none of that id. */
  peer?(id: string, scope: Scope): Promise<Session>;
  /** The bytes that the caller offers under an address of `http://buildkit-session/…`. Undefined: it offers none at all. */
  upload?(address: URL, scope: Scope): AsyncIterable<Uint8Array> | undefined;
  /** Where the exporter with that index in the request writes to. */
  output(exporterIndex: number, exporter?: AskedExporter): OutputTarget;
  /** Where a cache is written that goes into a folder of the caller's, `dest` of `type=local`. */
  cacheTarget?(dest: string): OutputTarget;
  /** Blobs of an OCI layout that the caller offers under a store id, or of a cache in a folder of its own (`local:FOLDER`); or undefined. */
  ociLayout(storeId: string): Promise<CallerBlobs | undefined>;
  /** Of a caller in this process: what a builder elsewhere may read (`oci:ID`) or write (`export`), by upstream's names. */
  blobFolder?(id: string): { readonly folder: BlobFolder; readonly writable: boolean } | undefined;
}
