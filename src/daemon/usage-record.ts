import type { UsageEntry } from "../engine/index.ts";
import { usageType } from "../engine/index.ts";
import type { control } from "../grpc/index.ts";
import type { Init } from "../wire/index.ts";
import { timestamp } from "./times.ts";

const names: Readonly<Record<string, string>> = {
  "source.local": "local source",
  "source.git.checkout": "shared git repo",
  "exec.cachemount": "cached mount",
};

function nameOf(entry: UsageEntry): string {
  return entry.kind === "blob" ? "content" : (names[usageType(entry)] ?? entry.id);
}

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
    usageCount: BigInt(entry.uses),
    description: entry.description ?? nameOf(entry),
    recordType: usageType(entry),
    shared: false,
  };
}
