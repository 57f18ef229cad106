import { CooperError } from "../../kit/index.ts";
import { isObject, type Json, type JsonObject, kindOf } from "./json.ts";
import { canonicalQuantity } from "./quantity.ts";
import type { Field, FieldType, PodApi } from "./schema.ts";

/** Where in a document a value stands: `["podSpec", "containers", 0, "image"]`. */
export type Path = readonly (string | number)[];

/** What `pipeline/pod-field` carries, so that others can find the line. */
export interface PodFieldDetails {
  readonly path: Path;
}

/**
 * A value of an API type as the Kubernetes API prints it after reading it: unknown fields gone, zero values too where the API leaves
 * them out, names in the API's case and order, quantities in canonical form. Reading is as lenient as the API's (names match in any
 * case, null is absent). Throws `pipeline/pod-field` for a value of the wrong kind, with its path.
 */
export function normalise(api: PodApi, type: string, value: Json | undefined, path: Path = []): JsonObject {
  return normaliseObject(api, type, value ?? {}, path);
}

function normaliseObject(api: PodApi, type: string, value: Json, path: Path): JsonObject {
  if (!isObject(value)) throw wrongKind("a map", value, path);
  const fields = api.get(type);
  if (fields === undefined) throw new Error(`no Kubernetes type ${type}`);
  const given = byField(value);
  const result: Record<string, Json> = {};
  for (const field of fields) {
    const raw = given.get(field.name.toLowerCase());
    const printed = printField(api, field, raw ?? null, [...path, field.name]);
    if (printed !== undefined) result[field.name] = printed;
  }
  return result;
}

/** The entries by lower-case name; of two spellings the later one counts. */
function byField(value: JsonObject): Map<string, Json> {
  const entries = Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return new Map(entries.map(([name, item]) => [name.toLowerCase(), item]));
}

function printField(api: PodApi, field: Field, raw: Json, path: Path): Json | undefined {
  const { type } = field;
  if (raw === null) return whenAbsent(field);
  if (type.kind === "object" || field.optional) return printValue(api, type, raw, path);
  const printed = printValue(api, type, raw, path);
  return field.always || !isZero(printed) ? printed : undefined;
}

function whenAbsent({ type, optional, always }: Field): Json | undefined {
  if (optional) return always ? null : undefined;
  if (type.kind === "object") return {};
  if (!always) return undefined;
  if (type.kind !== "scalar") return null;
  return type.name === "bool" ? false : type.name === "string" ? "" : 0;
}

function isZero(value: Json): boolean {
  if (value === "" || value === 0 || value === false || value === null) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function printValue(api: PodApi, type: FieldType, raw: Json, path: Path): Json {
  switch (type.kind) {
    case "object":
      return normaliseObject(api, type.name, raw, path);
    case "scalar":
      return printScalar(type.name, raw, path);
    case "list":
      if (!Array.isArray(raw)) throw wrongKind("a list", raw, path);
      return raw.map((item: Json, at) => printItem(api, type.of, item, [...path, at]));
    case "map":
      if (!isObject(raw)) throw wrongKind("a map", raw, path);
      return Object.fromEntries(
        Object.entries(raw)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, item]) => [name, printItem(api, type.of, item ?? null, [...path, name])]),
      );
  }
}

/** An entry of a list or a map: null is the zero value there. */
function printItem(api: PodApi, type: FieldType, raw: Json, path: Path): Json {
  if (raw !== null) return printValue(api, type, raw, path);
  if (type.kind === "object") return normaliseObject(api, type.name, {}, path);
  return whenAbsent({ name: "", type, optional: false, always: true, mergeKey: undefined }) ?? null;
}

function printScalar(name: string, raw: Json, path: Path): Json {
  switch (name) {
    case "bool":
      if (typeof raw === "boolean") return raw;
      throw wrongKind("true or false", raw, path);
    case "int":
      if (typeof raw === "number" && Number.isInteger(raw)) return raw;
      throw wrongKind("a whole number", raw, path);
    case "quantity":
      if (typeof raw === "string" || typeof raw === "number") return quantityAt(String(raw), path);
      throw wrongKind("a quantity", raw, path);
    case "intOrString":
      if (typeof raw === "string" || (typeof raw === "number" && Number.isInteger(raw))) return raw;
      throw wrongKind("a whole number or a string", raw, path);
    case "duration":
      if (typeof raw === "string" || typeof raw === "number") return raw;
      throw wrongKind("a duration", raw, path);
    case "any":
      return raw;
    default:
      if (typeof raw === "string") return raw;
      throw wrongKind("a string", raw, path);
  }
}

function quantityAt(text: string, path: Path): string {
  try {
    return canonicalQuantity(text);
  } catch (error) {
    if (!(error instanceof CooperError)) throw error;
    throw new CooperError("pipeline/pod-field", `${showPath(path)}: ${error.message}`, {
      hint: error.hint,
      details: { path } satisfies PodFieldDetails,
    });
  }
}

function wrongKind(wanted: string, value: Json, path: Path): CooperError {
  return new CooperError("pipeline/pod-field", `${showPath(path)} must be ${wanted}, not ${kindOf(value)}`, {
    details: { path } satisfies PodFieldDetails,
  });
}

/** `containers[0].image` */
export function showPath(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
}
