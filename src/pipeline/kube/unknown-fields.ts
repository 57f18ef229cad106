import { suggest } from "../../kit/index.ts";
import { isObject, type Json } from "./json.ts";
import type { Path } from "./normalise.ts";
import type { FieldType, PodApi } from "./schema.ts";

export interface UnknownField {
  readonly path: Path;
  /** The field that was probably meant. */
  readonly meant: string | undefined;
}

/** The fields of `value` that its type does not have, which reading would drop without a word. Names match in any case. */
export function unknownFields(api: PodApi, type: string, value: Json | undefined, path: Path = []): UnknownField[] {
  if (!isObject(value)) return [];
  const fields = new Map((api.get(type) ?? []).map((field) => [field.name.toLowerCase(), field]));
  return Object.entries(value).flatMap(([name, item]) => {
    const field = fields.get(name.toLowerCase());
    const here = [...path, name];
    if (field !== undefined) return inside(api, field.type, item ?? null, here);
    const names = [...fields.values()].map((known) => known.name);
    return [{ path: here, meant: suggest(name, names) }];
  });
}

function inside(api: PodApi, type: FieldType, value: Json, path: Path): UnknownField[] {
  if (type.kind === "object") return unknownFields(api, type.name, value, path);
  if (type.kind === "list" && Array.isArray(value)) {
    return value.flatMap((item: Json, at) => inside(api, type.of, item, [...path, at]));
  }
  if (type.kind === "map" && isObject(value)) {
    return Object.entries(value).flatMap(([name, item]) => inside(api, type.of, item ?? null, [...path, name]));
  }
  return [];
}
