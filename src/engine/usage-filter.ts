import { type Fields, type Filter, parseFilters, prefixed } from "../kit/index.ts";
import type { UsageEntry } from "./contract.ts";

/** The types of upstream's usage records. Kept folders are named by the room that keeps them. */
export function usageType({ kind, id }: Pick<UsageEntry, "kind" | "id">): string {
  if (kind !== "kept") return "regular";
  if (id.startsWith("filesync")) return "source.local";
  return id.startsWith("git") ? "source.git.checkout" : "exec.cachemount";
}

/**
 * containerd's filters over usage records, with the fields that upstream knows. `what` is being done: `prune`, `diskusage`.
 * Undefined: everything. Throws `kit/bad-filter`.
 */
export function usageFilter(texts: readonly string[], what: string): ((entry: UsageEntry) => boolean) | undefined {
  if (texts.length === 0 || texts.includes("")) return undefined;
  const filter = filterOf(texts, what);
  return (entry) => filter(usageFields(entry));
}

function filterOf(texts: readonly string[], what: string): Filter {
  try {
    return parseFilters(texts);
  } catch (error) {
    throw prefixed(`failed to parse ${what} filters [${texts.join(" ")}]`, error, "kit/bad-filter");
  }
}

/** What is a matter of yes or no is there or not. */
function usageFields(entry: UsageEntry): Fields {
  const flag = (set: boolean) => (set ? "" : undefined);
  return ([name]) => {
    switch (name) {
      case "id":
        return entry.id;
      case "type":
        return usageType(entry);
      case "description":
        return entry.description;
      case "parents":
        return entry.parent;
      case "inuse":
        return flag(entry.inUse);
      case "mutable":
        return flag(entry.kind === "kept");
      case "immutable":
        return flag(entry.kind !== "kept");
      case "private":
        return "";
      default:
        return undefined;
    }
  };
}
