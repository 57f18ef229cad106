import type { Field, Init, MessageType } from "./message.ts";

/**
 * protobuf's JSON of a message, as an object for `JSON.stringify`: 64-bit numbers as text, bytes in base64, what is at its
 * default left out, maps in the order of their keys. Enums are numbers, which every reader takes as well as names.
 */
export function toJson<T>(type: MessageType<T>, value: Init<T>): Record<string, unknown> {
  return messageJson(type, value as Record<string, unknown>);
}

function messageJson(type: MessageType<unknown>, value: Record<string, unknown>): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const field of type.fields) {
    const found = field.oneof === undefined ? fieldJson(field, value[field.name]) : caseJson(field, value[field.oneof]);
    if (found !== undefined) json[field.json ?? field.name] = found;
  }
  return json;
}

function caseJson(field: Field, union: unknown): unknown {
  const chosen = union as { readonly case: string; readonly value: unknown } | undefined;
  return chosen?.case === field.name ? oneJson(field.type, chosen.value) : undefined;
}

function fieldJson({ type, shape }: Field, value: unknown): unknown {
  if (value === undefined) return undefined;
  if (shape === "list") {
    const list = value as readonly unknown[];
    return list.length === 0 ? undefined : list.map((item) => oneJson(type, item));
  }
  if (shape === "map") {
    const map = value as ReadonlyMap<string, unknown>;
    if (map.size === 0) return undefined;
    const entries = [...map].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return Object.fromEntries(entries.map(([key, item]) => [key, oneJson(type, item)]));
  }
  return isDefault(value) ? undefined : oneJson(type, value);
}

function oneJson(type: Field["type"], value: unknown): unknown {
  if (typeof type === "function") return messageJson(type(), value as Record<string, unknown>);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return typeof value === "bigint" ? String(value) : value;
}

function isDefault(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.byteLength === 0;
  return value === "" || value === 0 || value === false || value === 0n;
}
