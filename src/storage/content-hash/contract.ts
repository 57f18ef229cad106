import type { BigIntStats } from "node:fs";
import type { Digest, Scope } from "../../kit/index.ts";
import type { SnapshotId } from "../contract.ts";

/** A tree whose content can be hashed: a snapshot, or a folder of the user's that is read in place. */
export type HashableTree =
  | { readonly kind: "snapshot"; readonly id: SnapshotId }
  | { readonly kind: "scratch" }
  | {
      readonly kind: "folder";
      readonly path: string;
      /** moby/patternmatcher lists, as `SourceOp` attrs `includepattern`, `excludepattern`, `followpaths`. */
      readonly include: readonly string[];
      readonly exclude: readonly string[];
      readonly follow: readonly string[];
    };

/** Which paths of the tree count. Mirrors what `FileActionCopy` reads. */
export interface HashSelector {
  /** Absolute inside the tree. */
  readonly path: string;
  /** `path` is a pattern (Go's filepath.Match per component); all matches count. */
  readonly wildcard: boolean;
  /** Follow a symlink in the last component. Links in parents are always followed, inside the tree. */
  readonly followLinks: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** What is known of a file that was seen; numbers as in `BigIntStats`. */
export type SeenStat = Pick<
  BigIntStats,
  "mode" | "size" | "mtimeNs" | "ctimeNs" | "ino" | "dev" | "nlink" | "rdev" | "uid" | "gid"
> &
  Pick<BigIntStats, "isDirectory" | "isFile" | "isSymbolicLink" | "isSocket">;

/** What a directory held when it was seen. */
export interface SeenChildren {
  /** Sorted. */
  readonly names: readonly string[];
  /** How the file of that index among the names was; undefined of a directory. */
  stat(index: number): SeenStat | undefined;
  /** Of the names, and of the files' numbers: the same again only when no file came, went or changed. */
  fingerprint(): string;
  /** When the files had stopped changing, in milliseconds: after that another change would show in their stamps. */
  readonly settled: number;
}

/** Collects what `hash` sees of a caller's folder: a copy right after it need not look at every file again. */
export interface SeenFolder {
  /** When looking began, in milliseconds. A file that changes after that may be told as it was before. */
  readonly since: number;
  /** `stat` was taken before the directory was listed. */
  note(path: string, stat: SeenStat, children: readonly { readonly name: string; readonly stat: SeenStat }[]): void;
  /**
   * What a directory held of what its filter leaves, by its path below the folder. Undefined when it was not seen, or when `stat`, taken
   * now, shows that names came or went.
   */
  children(path: string, stat: SeenStat): SeenChildren | undefined;
}

/**
 * Digest of the names, types, modes, owners, link targets, xattrs and file bytes that the selector picks; times do not count.
 * Files of a folder count as owned by 0:0 (that is how a context is copied).
 * File digests are remembered by (path, size, mtime, ctime, inode), tree digests by snapshot.
 */
export interface ContentHashes {
  /** Throws `storage/path-not-found` when a path without wildcard is not there. `seen` is told of what a folder holds. */
  hash(tree: HashableTree, selector: HashSelector, scope: Scope, seen?: SeenFolder): Promise<Digest>;
  /**
   * The digest that BuildKit has of the same (its `cache/contenthash`), for caches that other builders read or wrote. Slower than `hash`, whose
   * memory it does not share. Throws `storage/path-not-found`.
   */
  portable(tree: HashableTree, selector: HashSelector, scope: Scope): Promise<Digest>;
}
