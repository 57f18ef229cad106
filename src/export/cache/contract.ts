import type { Digest } from "../../kit/index.ts";
import type { ExportTree } from "../contract.ts";

/** A result that goes into a cache: its key, quick keys that lead there, and its outputs. */
export interface CacheableResult {
  readonly key: Digest;
  readonly quick: readonly Digest[];
  readonly outputs: readonly { readonly tree: ExportTree; readonly createdAt: Date }[];
}
