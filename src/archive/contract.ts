import type { Bytes, Digest, Scope } from "../kit/index.ts";
import type { TreeFiles } from "./tree/tree-files.ts";

/** How a stream of bytes is compressed. */
export type StreamCompression = "uncompressed" | "gzip" | "zstd";
/** How a layer's tar is compressed. eStargz is gzip with a member for each file, and a table of contents in the tar's last entry. */
export type Compression = StreamCompression | "estargz";

export type TarEntryType = "file" | "directory" | "symlink" | "hardlink" | "fifo" | "character" | "block";

/** One entry of a tar, ustar and pax alike. */
export interface TarHeader {
  readonly type: TarEntryType;
  /** As in the archive, hostile when read; a directory's may end in a slash (the writer adds it). */
  readonly name: string;
  /** Target of a symlink, or the name of the entry that a hard link points to. */
  readonly linkName?: string;
  /** Permissions and set-id bits, 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of body; 0 for all but files. */
  readonly size: number;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  readonly device?: { readonly major: number; readonly minor: number };
  /** By name (`security.capability`), from `SCHILY.xattr.*` records. */
  readonly xattrs?: ReadonlyMap<string, Buffer>;
}

/** An entry while reading: the body must be read, or is skipped, before the next entry comes. */
export interface TarEntry {
  readonly header: TarHeader;
  body(): Bytes;
}

/** An entry to write. `file` is copied from that path of this machine; it must still have the header's size. */
export interface TarSource {
  readonly header: TarHeader;
  readonly body?: { readonly file: string } | { readonly bytes: Uint8Array } | { readonly stream: Bytes };
}

/** What a hostile archive may cost. The defaults take every real image. */
export interface TarLimits {
  /** Entries in one archive. */
  readonly entries: number;
  /** Bytes of one extended header or long name. */
  readonly extended: number;
  /** Bytes of all bodies together. */
  readonly bytes: number;
}

/** How deletions are kept in a folder of changes: as overlayfs keeps them, or (a whole tree) not at all. */
export type ChangeForm = "overlay" | "whole";

/** A tree, or what changed in it, as storage keeps it. */
export type LayerChanges =
  /** `upper` is an overlay's upper directory; `lower` the folders below it, lowest first. */
  | { readonly form: "overlay"; readonly upper: string; readonly lower: readonly string[] }
  /** `tree` is a whole tree, `parent` the whole tree it started from; their files are the kernel's when nothing else is said. */
  | {
      readonly form: "whole";
      readonly tree: string;
      readonly files?: TreeFiles;
      readonly parent?: string;
      readonly parentFiles?: TreeFiles;
    };

export interface LayerTarOptions {
  /** Lowers every mtime above this to this; seconds since 1970 (SOURCE_DATE_EPOCH with rewrite-timestamp). */
  readonly latestMtime?: number;
  /** Every extended attribute, for changes that become a tree of this machine again; a layer has `security.capability` only. */
  readonly allAttributes?: boolean;
}

/** `level` has the meaning that it has for gzip or zstd; undefined is our default. */
export interface CompressionChoice {
  readonly kind: Compression;
  readonly level?: number;
}

/** The same for a stream of bytes that is no tar. */
export interface StreamChoice extends CompressionChoice {
  readonly kind: StreamCompression;
}

/** A layer written through `packLayer`. */
export interface PackedLayer {
  /** Digest and size of what was written. */
  readonly digest: Digest;
  readonly size: number;
  /** Digest and size of the tar; with eStargz's table of contents. */
  readonly diffId: Digest;
  readonly tarSize: number;
  /** Digest of eStargz's table of contents. */
  readonly toc?: Digest;
}

/** What a walk picks, as fsutil's FilterOpt: patterns of kit's `PatternMatcher`. */
export interface WalkFilter {
  /** Nothing given: everything. A directory above a match comes too. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** Paths or wildcards that are included together with whatever their links point to. */
  readonly follow?: readonly string[];
}

export type TreeEntryKind = "file" | "directory" | "symlink" | "fifo" | "character" | "block" | "socket";

/** A file of a walk, with its lstat. */
export interface TreeEntry {
  /** Relative, with slashes, never empty. */
  readonly path: string;
  readonly kind: TreeEntryKind;
  /** Only of symlinks. */
  readonly linkTarget?: string;
  readonly stat: TreeStat;
}
export interface TreeStat {
  /** Permissions and set-id bits, 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly links: number;
  readonly device: bigint;
  readonly inode: bigint;
  /** Device number of a device file. */
  readonly rdev: bigint;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  readonly ctime: bigint;
}
export type { Bytes, Digest, Scope };
