import type { Json, JsonObject } from "./json.ts";
import { isObject } from "./json.ts";
import type { Path } from "./normalise.ts";

/** Something for which the API server refuses a pod whatever its rights. */
export interface PodRefusal {
  readonly kind: "missing-volume" | "duplicate-volume" | "duplicate-container" | "no-image" | "invalid";
  /** Where in the pod's specification. */
  readonly path: Path;
  /** What is wrong, without saying where. */
  readonly text: string;
  readonly fix: string;
}

export function invalid(path: Path, text: string, fix: string): PodRefusal {
  return { kind: "invalid", path, text, fix };
}

/** Of these fields an object must have exactly one. */
export function oneOfRefusals(object: JsonObject, fields: readonly string[], path: Path, what: string): PodRefusal[] {
  const stated = fields.filter((name) => object[name] !== undefined && object[name] !== null);
  const list = fields.length > 6 ? "" : `: ${fields.join(", ")}`;
  if (stated.length === 0) return [invalid(path, `none ${what} is there`, `state one${list}`)];
  if (stated.length === 1) return [];
  return [invalid(path, `there are several ${what}: ${stated.join(", ")}`, "leave one")];
}

/** The maps of a list, with where each stands. */
export function entriesOf(owner: JsonObject, list: string, path: Path): { entry: JsonObject; path: Path }[] {
  const items = owner[list];
  if (!Array.isArray(items)) return [];
  return items.flatMap((entry: Json, at) => (isObject(entry) ? [{ entry, path: [...path, list, at] }] : []));
}

export function objectAt(owner: JsonObject, name: string): JsonObject | undefined {
  const value = owner[name];
  return isObject(value) ? value : undefined;
}

export function textAt(owner: JsonObject, name: string): string {
  const value = owner[name];
  return typeof value === "string" ? value : "";
}
