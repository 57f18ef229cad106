import type { Metadata } from "../../grpc/index.ts";
import { CooperError } from "../../kit/index.ts";

/**
 * Lists of texts as call metadata, upstream's way: a list that is not all ASCII is query-escaped, and says so in
 * `NAME-encoded`.
 */
export function listHeaders(lists: Readonly<Record<string, readonly string[]>>): Metadata {
  const metadata = new Map<string, readonly string[]>();
  for (const [name, list] of Object.entries(lists)) {
    if (list.length === 0) continue;
    const plain = list.every((text) => /^[\x20-\x7e]*$/.test(text));
    metadata.set(name, plain ? list : list.map((text) => encodeURIComponent(text).replaceAll("%20", "+")));
    if (!plain) metadata.set(`${name}-encoded`, ["1"]);
  }
  return metadata;
}

/** The list of that name. Throws `session/bad-header`. */
export function headerList(metadata: Metadata, name: string): readonly string[] {
  const list = metadata.get(name) ?? [];
  if (metadata.get(`${name}-encoded`)?.[0] !== "1") return list;
  return list.map((text) => {
    try {
      return decodeURIComponent(text.replaceAll("+", " "));
    } catch (cause) {
      throw new CooperError("session/bad-header", `invalid escaping in ${name}`, { cause });
    }
  });
}
