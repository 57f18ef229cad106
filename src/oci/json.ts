import { CooperError, compareRaw } from "../kit/index.ts";

/**
 * JSON as Go's encoding/json writes it, byte for byte: `<`, `>`, `&`, U+2028 and U+2029 as `\u` escapes, no spaces, or
 * `indent` spaces per level as `json.MarshalIndent`. Objects keep their key order; a Map is an object whose order is kept
 * even where a key looks like a number (see `sortedMap`). Fields that are undefined are left out.
 */
export function goJson(value: unknown, indent = 0): string {
  return encodeValue(value, indent, "");
}

function encodeValue(value: unknown, indent: number, margin: string): string {
  if (typeof value === "string") return goString(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = margin + " ".repeat(indent);
  const parts = Array.isArray(value)
    ? value.map((part) => encodeValue(part, indent, inner))
    : encodeFields(value, indent, inner);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (parts.length === 0) return `${open}${close}`;
  return indent === 0
    ? `${open}${parts.join(",")}${close}`
    : `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}`;
}

function encodeFields(value: object, indent: number, inner: string): string[] {
  const fields: Iterable<[string, unknown]> = value instanceof Map ? value : Object.entries(value);
  const colon = indent === 0 ? ":" : ": ";
  const parts: string[] = [];
  for (const [key, part] of fields) {
    if (part !== undefined) parts.push(goString(key) + colon + encodeValue(part, indent, inner));
  }
  return parts;
}

function goString(text: string): string {
  // A lone surrogate stands for a byte that is not UTF-8 (an old Dockerfile in Latin-1); Go writes an escape for it.
  if (!text.isWellFormed())
    return `"${text
      .split(/\p{Cs}/u)
      .map((part) => goString(part).slice(1, -1))
      .join("\\ufffd")}"`;
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The record's entries in byte order of their keys, as Go writes a map; undefined when there are none. */
export function sortedMap<T>(record: Readonly<Record<string, T>> | undefined): Map<string, T> | undefined {
  const entries = Object.entries(record ?? {});
  if (entries.length === 0) return undefined;
  return new Map(entries.sort(([a], [b]) => compareBytes(a, b)));
}

/** Order of bytes, Go's order of strings. */
export const compareBytes: (a: string, b: string) => number = compareRaw;

/** An object of a hostile JSON document whose fields are checked as they are read. `null` counts as absent, as in Go. */
export class JsonObject {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #what: string;
  readonly #code: string;
  constructor(value: unknown, what: string, code: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new CooperError(code, `cannot read ${what}: ${kindOf(value)} found, an object wanted`);
    }
    this.#fields = value as Record<string, unknown>;
    this.#what = what;
    this.#code = code;
  }

  /** The raw value of a field, or undefined. */
  get(key: string): unknown {
    return Object.hasOwn(this.#fields, key) ? (this.#fields[key] ?? undefined) : undefined;
  }
  string(key: string): string | undefined {
    return this.#typed(key, "string") as string | undefined;
  }
  /** The string of a field that must be there. */
  required(key: string): string {
    return this.string(key) ?? this.fail(key, "nothing", "a string");
  }
  boolean(key: string): boolean | undefined {
    return this.#typed(key, "boolean") as boolean | undefined;
  }
  /** A whole number that doubles hold exactly. */
  integer(key: string): number | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !Number.isSafeInteger(value))
      return this.fail(key, kindOf(value), "a whole number");
    return value;
  }
  strings(key: string): readonly string[] | undefined {
    const value = this.list(key);
    if (value?.some((entry) => typeof entry !== "string")) return this.fail(key, "a mixed list", "a list of strings");
    return value as readonly string[] | undefined;
  }
  list(key: string): readonly unknown[] | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) return this.fail(key, kindOf(value), "a list");
    return value;
  }
  object(key: string): JsonObject | undefined {
    const value = this.get(key);
    return value === undefined ? undefined : new JsonObject(value, `${this.#what}.${key}`, this.#code);
  }
  record(key: string): Record<string, string> | undefined {
    const value = this.object(key);
    if (value === undefined) return undefined;
    return Object.fromEntries(value.keys().map((name) => [name, value.string(name) ?? ""]));
  }
  keys(): string[] {
    return Object.keys(this.#fields);
  }
  fail(key: string, found: string, wanted: string): never {
    throw new CooperError(this.#code, `cannot read ${this.#what}.${key}: ${found} found, ${wanted} wanted`);
  }

  #typed(key: string, type: "string" | "boolean"): unknown {
    const value = this.get(key);
    if (value !== undefined && typeof value !== type) return this.fail(key, kindOf(value), `a ${type}`);
    return value;
  }
}

/** Parses a document of at most `limit` bytes. Throws `code`. */
export function parseJson(bytes: Uint8Array | string, limit: number, what: string, code: string): JsonObject {
  const size = typeof bytes === "string" ? Buffer.byteLength(bytes) : bytes.byteLength;
  if (size > limit) throw new CooperError(code, `cannot read ${what}: ${size} bytes found, at most ${limit} wanted`);
  let value: unknown;
  try {
    value = JSON.parse(typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("utf8"));
  } catch (cause) {
    throw new CooperError(code, `cannot read ${what}: not JSON`, { cause });
  }
  return new JsonObject(value, what, code);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}
