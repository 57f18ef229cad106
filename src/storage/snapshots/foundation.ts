import { randomUUID } from "node:crypto";
import type { SnapshotInfo } from "../contract.ts";

const prefix = "foundation ";

/**
 * A name for a snapshot that is there for overlayfs only: it holds folders that those above have too. It is no layer of an image,
 * and no change that is merged.
 */
export function foundationName(): string {
  return prefix + randomUUID();
}

export function isFoundation({ name }: Pick<SnapshotInfo, "name">): boolean {
  return name?.startsWith(prefix) ?? false;
}
