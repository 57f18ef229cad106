import type { Digest } from "../../kit/index.ts";
import type { ExportTree } from "../contract.ts";

/** A key of BuildKit's solver that goes into a cache: what it rests on, and the result that is found under it. */
export interface CacheableRecord {
  readonly digest: Digest;
  /** Per input of the op the keys of which any will do; none at all for a key that rests on nothing. */
  readonly inputs: readonly (readonly CacheableLink[])[];
  readonly result?: CacheableTree | undefined;
}
export interface CacheableLink {
  /** What of the other is used, as a digest; empty for all of it. */
  readonly selector: string;
  readonly record: CacheableRecord;
}
export interface CacheableTree {
  readonly tree: ExportTree;
  readonly createdAt: Date;
}
