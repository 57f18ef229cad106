import { goJson } from "../../../oci/index.ts";
import type { Location } from "../parse/index.ts";

/** What a subrequest returns: result metadata by key (`result.json`, `result.txt`, …). */
export type RequestResult = ReadonlyMap<string, Uint8Array>;

/** Metadata with `result.json` as Go's `MarshalIndent` writes it, `result.txt`, and what else there is. */
export function requestResult(json: unknown, text: string, more: Readonly<Record<string, string>> = {}): RequestResult {
  const entries = { "result.json": goJson(json, 2), "result.txt": text, ...more, version: "1.0.0" };
  return new Map(Object.entries(entries).map(([key, value]) => [key, Buffer.from(value, "utf8")]));
}

/** A place as Go's JSON has it: zero values left out. */
export function locationJson(location: Location): object {
  const position = ({ line, character }: Location[number]["start"]) => ({
    line: line || undefined,
    character: character || undefined,
  });
  const ranges = location.map(({ start, end }) => ({ start: position(start), end: position(end) }));
  return { ranges: ranges.length === 0 ? undefined : ranges };
}

export function base64(data: Uint8Array): string {
  return Buffer.from(data).toString("base64");
}
