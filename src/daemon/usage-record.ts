import type { UsageEntry } from "../engine/index.ts";
import type { control } from "../grpc/index.ts";
import { CooperError } from "../kit/index.ts";
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
    recordType: recordType(entry),
    shared: false,
  };
}

/** Kept folders are named by the room that keeps them. */
function recordType({ kind, id }: UsageEntry): string {
  if (kind !== "kept") return "regular";
  return id.includes("filesync") ? "source.local" : "exec.cachemount";
}

/**
 * containerd's filters over records, as far as clients use them: `field==value`, `field~=regexp`, `field!=value`, `field`
 * alone for one that is set; all of a list joined by commas. Several lists: any of them, an empty one takes all. `what` is
 * being done. Throws `daemon/bad-filter`.
 */
export function recordFilter(
  filters: readonly string[],
  what: "diskusage" | "prune",
): ((entry: UsageEntry) => boolean) | undefined {
  if (filters.length === 0 || filters.includes("")) return undefined;
  const lists = filters.map((filter) => filter.split(",").map((text) => condition(text, what)));
  return (entry) => lists.some((list) => list.every((holds) => holds(entry)));
}

function condition(text: string, what: string): (entry: UsageEntry) => boolean {
  const match = /^\s*(\w+)\s*(?:(==|!=|~=)\s*"?(.*?)"?)?\s*$/.exec(text);
  const [, field = "", operator, value = ""] = match ?? [];
  if (match === null || !(field.toLowerCase() in fields)) {
    throw new CooperError("daemon/bad-filter", `failed to parse ${what} filters [${text}]: invalid argument`);
  }
  const read = fields[field.toLowerCase()] as (entry: UsageEntry) => string;
  if (operator === "==") return (entry) => read(entry) === value;
  if (operator === "!=") return (entry) => read(entry) !== value;
  if (operator === "~=") {
    const pattern = new RegExp(value);
    return (entry) => pattern.test(read(entry));
  }
  return (entry) => !["", "false"].includes(read(entry));
}

const fields: Readonly<Record<string, (entry: UsageEntry) => string>> = {
  id: (entry) => entry.id,
  type: recordType,
  description: (entry) => entry.description ?? "",
  inuse: (entry) => String(entry.inUse),
  mutable: (entry) => String(entry.kind === "kept"),
  immutable: (entry) => String(entry.kind !== "kept"),
  parents: (entry) => entry.parent ?? "",
  shared: () => "false",
  private: () => "true",
};
