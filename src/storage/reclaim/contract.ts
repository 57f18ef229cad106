import type { Scope } from "../../kit/index.ts";
import type { SnapshotId } from "../contract.ts";

/** Something that takes room in the root. */
export interface Usage {
  readonly kind: "snapshot" | "blob" | "kept";
  /** Snapshot id, digest, or name of the kept folder. */
  readonly id: string;
  readonly parent: SnapshotId | undefined;
  readonly description: string | undefined;
  /** Bytes on disk. */
  readonly size: number;
  readonly created: Date;
  readonly used: Date;
  /** How many builds, or groups of builds at one time, used it; 1 where nobody counts (blobs). */
  readonly uses: number;
  /** It cannot go: an opening that still lives may have looked at it, or at something that is built on it. */
  readonly inUse: boolean;
  /** It cannot go before something else has gone: a snapshot that is built on it, the snapshot that a blob is of. */
  readonly needed: boolean;
}

export interface PruneOptions {
  /** With nothing else said: records, too (while nobody else has the root open). */
  readonly all?: boolean;
  /** Keep what was used during the last so many milliseconds. */
  readonly keepDuration?: number;
  /** Stop when no more than so many bytes are left. */
  readonly keepBytes?: number;
  /** Only what this takes; everything without. */
  readonly filter?: (usage: Usage) => boolean;
}

/** What a root holds, and how it gets smaller. Nothing that a living opening has used since it began is ever taken away. */
export interface Reclaim {
  /**
   * Everything that takes room. Sizes of snapshots are measured once and then remembered. `recent`: that of a kept folder which is
   * in use may be some seconds old.
   */
  usage(scope: Scope, recent?: boolean): Promise<readonly Usage[]>;
  /** Takes away what the options allow, least recently used first, children before parents. Tells what went. */
  prune(options: PruneOptions, scope: Scope): Promise<readonly Usage[]>;
  /** Tells that no build runs in this opening: what it has looked at so far is no longer in use. For daemons. */
  rest(): void;
}
