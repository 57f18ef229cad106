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
  /** A directory stands for what it holds (COPY dir/ copies its content): its own name does not count. */
  readonly contentsOnly?: boolean;
}

/**
 * Digest of the names, types, modes, owners, link targets, xattrs and file bytes that the selector picks; times do not count.
 * Files of a folder count as owned by 0:0 (that is how a context is copied).
 * File digests are remembered by (path, size, mtime, ctime, inode), tree digests by snapshot.
 */
export interface ContentHashes {
  /** Throws `storage/path-not-found` when a path without wildcard is not there. */
  hash(tree: HashableTree, selector: HashSelector, scope: Scope): Promise<Digest>;
  /**
   * The digest that BuildKit has of the same (its `cache/contenthash`), for caches that other builders read or wrote. Slower than `hash`, whose
   * memory it does not share. Throws `storage/path-not-found`.
   */
  portable(tree: HashableTree, selector: HashSelector, scope: Scope): Promise<Digest>;
}
