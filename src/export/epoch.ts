import { goInteger } from "./go-values.ts";

/** SOURCE_DATE_EPOCH as an exporter was told it: given but empty means none, whatever the frontend says. Seconds since 1970. */
export interface Epoch {
  readonly seconds: number | undefined;
}

/** The attribute `source-date-epoch`. Throws `export/bad-attribute`. */
export function epochAttribute(attrs: Readonly<Record<string, string>>): Epoch | undefined {
  const text = attrs["source-date-epoch"];
  return text === undefined ? undefined : { seconds: parseEpoch(text, "source-date-epoch") };
}

/** What the frontend says in the result's metadata (`source.date.epoch`), for a platform or for all. */
export function epochOfResult(metadata: ReadonlyMap<string, Uint8Array>, platformId?: string): number | undefined {
  const bytes = metadata.get(`source.date.epoch/${platformId}`) ?? metadata.get("source.date.epoch");
  return bytes === undefined
    ? undefined
    : parseEpoch(Buffer.from(bytes).toString("utf8"), "SOURCE_DATE_EPOCH from frontend");
}

function parseEpoch(text: string, what: string): number | undefined {
  if (text === "") return undefined;
  return goInteger(text, (reason) => `invalid ${what}: ${reason}: ${reason}`);
}

/**
 * Exporter attributes with the epoch of `build-arg:SOURCE_DATE_EPOCH`, as upstream hands it to every exporter that has none of
 * its own. A build argument that is no number (`context`) is the frontend's alone.
 */
export function withBuildArgEpoch(
  attrs: Readonly<Record<string, string>>,
  frontendOptions: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const value = frontendOptions["build-arg:SOURCE_DATE_EPOCH"];
  if (value === undefined || "source-date-epoch" in attrs || !/^(?:[+-]?[0-9]+)?$/.test(value)) return attrs;
  return { ...attrs, "source-date-epoch": value };
}

/** RFC 3339 text of whole seconds. */
export function epochText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.000Z$/, "Z");
}

/** True when the RFC 3339 time `text` is later than the epoch, to the nanosecond. */
export function isAfterEpoch(text: string, seconds: number): boolean {
  const whole = Date.parse(text.replace(/\.\d+/, ""));
  if (whole !== seconds * 1000) return whole > seconds * 1000;
  return /\.\d*[1-9]/.test(text);
}
