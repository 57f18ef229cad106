import type { Compression, TreeFiles } from "../archive/index.ts";
import type { Bytes, Digest, Scope } from "../kit/index.ts";
import type { Descriptor } from "../oci/index.ts";
import type { ContentHashes } from "./content-hash/contract.ts";
import type { Reclaim } from "./reclaim/contract.ts";

/** A snapshot's name in its store: short, safe in a path, never reused. */
export type SnapshotId = string & { readonly __snapshot: never };

/**
 * How to see a snapshot's tree. `layers` are host folders, lowest first; `upper` and `work` are there when it is active.
 * One layer without upper, or an upper without layers, needs no mount at all: `path` then names the folder itself.
 */
export type TreeMount =
  | { readonly kind: "folder"; readonly path: string; readonly readonly: boolean; readonly files: TreeFiles }
  | { readonly kind: "overlay"; readonly layers: readonly string[]; readonly upper?: string; readonly work?: string };

/** Bytes by digest, below `content/blobs/<alg>/<hex>`. A blob is there whole and verified, or not at all. */
export interface BlobStore {
  /** Size in bytes of the blob, or undefined when it is not here. */
  size(digest: Digest): Promise<number | undefined>;
  /** The file that holds the blob; valid while a lease or a record keeps it. Throws `storage/no-blob`. */
  path(digest: Digest): Promise<string>;
  /** The blob's bytes. Throws `storage/no-blob`, or `storage/blob-size` when its size is not the descriptor's. */
  read(descriptor: Pick<Descriptor, "digest" | "size">, scope: Scope): Bytes;
  /**
   * Whole small blob (JSON), at most 16 MiB, hashed again: one that was damaged in the store is removed, `storage/blob-digest`.
   * Else throws as `read`.
   */
  readAll(descriptor: Pick<Descriptor, "digest" | "size">, scope: Scope): Promise<Buffer>;
  /**
   * Stores the bytes and resolves when they are there under their digest, safe from a kill of this process. With `expected`, bytes that do not have that
   * digest and size are refused (`storage/blob-digest`, `storage/blob-size`) and nothing stays behind. May be called
   * twice with the same bytes, also by two processes at once.
   */
  put(source: Bytes, scope: Scope, expected?: { readonly digest: Digest; readonly size?: number }): Promise<Stored>;
  /** For a writer that wants the bytes as they pass: same promises as `put`. */
  writer(scope: Scope, expected?: { readonly digest: Digest; readonly size?: number }): Promise<BlobWriter>;
  /**
   * For a writer that computes digest and size itself while the bytes pass (a layer that is packed on pool threads): they
   * are not hashed a second time. The other promises are `put`'s.
   */
  hashedWriter(scope: Scope): Promise<HashedBlobWriter>;
  /** A new name on the store's file system for a file that is to be adopted; swept when this process dies before that. */
  ingestFile(): string;
  /**
   * Takes over a finished file at a name from `ingestFile`, whose digest the caller itself computed while writing it (a
   * worker that compresses and hashes): the bytes are not read again. Throws `storage/blob-size`.
   */
  adopt(file: string, stored: Stored): Promise<Stored>;
}
export interface Stored {
  readonly digest: Digest;
  readonly size: number;
}
export interface BlobWriter extends AsyncDisposable {
  /** The chunk may be used again once this has resolved. */
  write(chunk: Uint8Array): Promise<void>;
  commit(): Promise<Stored>;
}

export interface HashedBlobWriter extends AsyncDisposable {
  /** The chunk may be used again once this has resolved. */
  write(chunk: Uint8Array): Promise<void>;
  /** Takes the caller's word for the digest. Throws `storage/blob-size` when another number of bytes was written. */
  commit(stored: Stored): Promise<Stored>;
}

/** A committed, immutable tree: its own changes on top of its parent's tree. */
export interface SnapshotInfo {
  readonly id: SnapshotId;
  readonly parent: SnapshotId | undefined;
  /** Name given at commit (a chain id, a result key): unique in the store, the second commit of one name joins the first. */
  readonly name: string | undefined;
  /** When its tree was complete. */
  readonly created: Date;
}

/** Folders of files: overlay (a folder of changes per snapshot) or native (a whole copy per snapshot). */
export interface SnapshotStore {
  readonly driver: "overlay" | "native";
  /** Snapshots of one kind are unknown where another is used: what names them should be kept apart, too. */
  readonly kind: "overlay" | "userxattr" | "native" | "recorded";
  get(id: SnapshotId): SnapshotInfo | undefined;
  byName(name: string): SnapshotInfo | undefined;
  /** The snapshot and its ancestors, lowest first. Throws `storage/no-snapshot`. */
  chain(id: SnapshotId): readonly SnapshotInfo[];
  /** Read-only view of a committed tree. */
  view(id: SnapshotId): TreeMount;
  /**
   * A writable tree on top of `parent` (empty without). It belongs to this process until committed or disposed of. `shared`: its writers
   * are Cooper's own, which call `TreeFiles.unshare` before they change a file in place; then a driver may take over the parent's files.
   */
  prepare(parent: SnapshotId | undefined, options?: { readonly shared?: boolean }): Promise<ActiveSnapshot>;
  /** The folder with the snapshot's own changes, whiteouts in overlayfs form (overlay), or its whole tree (native). */
  changes(id: SnapshotId): { readonly folder: string; readonly form: "overlay" | "whole"; readonly files: TreeFiles };
}
export interface SnapshotCommit {
  readonly name?: string;
  readonly description?: string;
  readonly created?: Date;
}
export interface ActiveSnapshot extends AsyncDisposable {
  readonly mount: TreeMount;
  /** The folder that receives the changes: unpacking a layer writes here directly, with overlayfs whiteouts when "overlay"
   * (a snapshot without parent is always "whole"). */
  readonly changes: { readonly folder: string; readonly form: "overlay" | "whole"; readonly files: TreeFiles };
  /**
   * Makes the tree immutable, in one transaction. With a taken `name`, this one is dropped and the first one returned.
   * `created` is for changes that are older than this snapshot of them.
   */
  commit(options?: SnapshotCommit): Promise<SnapshotInfo>;
}

/** The layer that a snapshot's changes make, as a blob; one per compression. */
export interface LayerRecord {
  readonly descriptor: Descriptor;
  /** Digest of the uncompressed tar. */
  readonly diffId: Digest;
  readonly compression: Compression;
  /** Where the blob can be had from when it is not here: canonical reference names, newest last. */
  readonly from: readonly string[];
}
export interface LayerRecords {
  list(id: SnapshotId): readonly LayerRecord[];
  /** Adds or replaces the record of that digest. */
  add(id: SnapshotId, record: LayerRecord): void;
}

/** Persistent string records in name spaces of their users: solver results, image config cache, … */
export interface Records {
  get(space: string, key: string): string | undefined;
  set(space: string, key: string, value: string): void;
  delete(space: string, key: string): void;
}

/** A mounted tree: `path` shows it until disposal, `files` tells owners and modes of what is below. */
export interface Mounted extends AsyncDisposable {
  readonly path: string;
  readonly files: TreeFiles;
}

export interface LentFolder extends Disposable {
  readonly path: string;
}

/** One open storage root. Several processes may have one root open at once. */
export interface Storage extends AsyncDisposable {
  readonly root: string;
  readonly blobs: BlobStore;
  readonly snapshots: SnapshotStore;
  readonly layers: LayerRecords;
  readonly records: Records;
  readonly contentHashes: ContentHashes;
  readonly reclaim: Reclaim;
  /** Shows the tree at a path of this process's own folder (no mount for a plain folder). */
  mount(tree: TreeMount): Promise<Mounted>;
  /** A fresh folder that is removed on disposal, and swept when this process dies before that. */
  temporaryFolder(prefix: string): Promise<Mounted>;
  /**
   * Runs `work` while no other process or call on this root runs one of the same name. The lock of a process that died is
   * free again. Waiting ends with the scope.
   */
  exclusive<T>(name: string, scope: Scope, work: () => Promise<T>): Promise<T>;
  /** A folder below the root that belongs to one user for good (cache mounts): `space` and `key` name it, usage tells the description. */
  keptFolder(space: string, key: string, description?: string): Promise<string>;
  /** The first kept folder of that key that nobody has, in this process or another: its user's alone until disposal, or its process's end. */
  lendFolder(space: string, key: string, description?: string): Promise<LentFolder>;
}
