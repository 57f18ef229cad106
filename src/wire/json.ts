import type { Field, Init, MessageType } from "./message.ts";

/** In what two ways to write messages as JSON may differ. Maps come in the order of their keys' bytes. */
export interface JsonForm {
  long(value: bigint): unknown;
  map(entries: readonly (readonly [key: string, value: unknown])[]): unknown;
  message(type: MessageType<unknown>, value: Readonly<Record<string, unknown>>): Record<string, unknown>;
}

/**
 * protobuf's JSON of a message, as an object for `JSON.stringify`: 64-bit numbers as text, bytes in base64, what is at its
 * default left out, maps in the order of their keys. Enums are numbers, which every reader takes as well as names.
 */
export function toJson<T>(type: MessageType<T>, value: Init<T>): Record<string, unknown> {
  return protobufForm.message(type, value as Record<string, unknown>);
}

const protobufForm: JsonForm = {
  long: String,
  map: Object.fromEntries,
  message(type, value) {
    const json: Record<string, unknown> = {};
    for (const field of type.fields) {
      const found =
        field.oneof === undefined ? fieldJson(field, value[field.name], this) : caseJson(field, value[field.oneof]);
      if (found !== undefined) json[field.json ?? field.name] = found;
    }
    return json;
  },
};

function caseJson(field: Field, union: unknown): unknown {
  const chosen = union as { readonly case: string; readonly value: unknown } | undefined;
  return chosen?.case === field.name ? valueJson(field.type, chosen.value, protobufForm) : undefined;
}

/** A field of a message, that is no case of a union, in the form; undefined at its default. */
export function fieldJson({ type, shape }: Field, value: unknown, form: JsonForm): unknown {
  if (value === undefined) return undefined;
  if (shape === "list") {
    const list = value as readonly unknown[];
    return list.length === 0 ? undefined : list.map((item) => valueJson(type, item, form));
  }
  if (shape === "map") {
    const map = value as ReadonlyMap<string, unknown>;
    if (map.size === 0) return undefined;
    const entries = [...map].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return form.map(entries.map(([key, item]) => [key, valueJson(type, item, form)]));
  }
  return isDefault(value) ? undefined : valueJson(type, value, form);
}

/** A value of that type, default or not, in the form. */
export function valueJson(type: Field["type"], value: unknown, form: JsonForm): unknown {
  if (typeof type === "function") return form.message(type(), value as Record<string, unknown>);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return typeof value === "bigint" ? form.long(value) : value;
}

function isDefault(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.byteLength === 0;
  return value === "" || value === 0 || value === false || value === 0n;
}
