import type { BuildRequest, CacheEntry } from "../contract.ts";

/**
 * The caches that a request names, each once: its own, and those of the frontend's options `cache-imports` (a list as JSON) and
 * `cache-from` (references of registries). Options that cannot be read are the frontend's to refuse.
 */
export function askedImports({ cacheImports, frontendOptions }: BuildRequest): readonly CacheEntry[] {
  const old = (frontendOptions["cache-from"] ?? "").split(",").filter((ref) => ref !== "");
  const all = [
    ...cacheImports,
    ...listed(frontendOptions["cache-imports"]),
    ...old.map((ref): CacheEntry => ({ type: "registry", attrs: { ref } })),
  ];
  return [
    ...new Map(all.map((entry) => [JSON.stringify([entry.type, Object.entries(entry.attrs).sort()]), entry])).values(),
  ];
}

/** Entries as upstream's client writes them: `[{"Type": …, "Attrs": {…}}]`. */
function listed(text: string | undefined): CacheEntry[] {
  if (!text) return [];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.flatMap(entryOf) : [];
  } catch {
    return [];
  }
}

function entryOf(item: unknown): CacheEntry[] {
  if (typeof item !== "object" || item === null) return [];
  const fields = new Map(Object.entries(item).map(([name, value]) => [name.toLowerCase(), value as unknown]));
  const [type, attrs] = [fields.get("type"), fields.get("attrs")];
  if (typeof type !== "string" || typeof attrs !== "object" || attrs === null) return [];
  const texts = Object.entries(attrs).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return [{ type, attrs: Object.fromEntries(texts) }];
}
