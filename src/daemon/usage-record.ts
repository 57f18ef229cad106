import type { UsageEntry } from "../engine/index.ts";
import { usageType } from "../engine/index.ts";
import type { control } from "../grpc/index.ts";
import type { Init } from "../wire/index.ts";
import { timestamp } from "./times.ts";

/** What `du` and `prune` show of one entry. */
export function usageRecord(entry: UsageEntry): Init<control.UsageRecord> {
  return {
    id: entry.id,
    mutable: entry.kind === "kept",
    inUse: entry.inUse,
    size: BigInt(entry.size),
    parents: entry.parent === undefined ? [] : [entry.parent],
    createdAt: timestamp(entry.created),
    lastUsedAt: timestamp(entry.used),
    usageCount: 1n,
    description: entry.description ?? (entry.kind === "blob" ? "content" : entry.id),
    recordType: usageType(entry),
    shared: false,
  };
}
