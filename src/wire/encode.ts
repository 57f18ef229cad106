import { compareRaw } from "../kit/index.ts";
import type { Field, Init, MessageType, ScalarType } from "./message.ts";
import { Writer } from "./writer.ts";

/**
 * The protobuf bytes of a message, deterministic and equal to what Go's `proto.Marshal{Deterministic: true}` gives: fields
 * by number, but the cases of a union after all others; map entries by key; scalars at their default left out.
 * Digests of LLB ops depend on that.
 */
export function encode<T>(type: MessageType<T>, value: Init<T>): Uint8Array {
  const writer = new Writer();
  writeMessage(writer, type, value as Record<string, unknown>);
  return writer.finish();
}

function writeMessage(writer: Writer, type: MessageType<unknown>, value: Record<string, unknown>): void {
  for (const field of type.fields) if (field.oneof === undefined) writeField(writer, field, value[field.name]);
  for (const field of type.fields) {
    if (field.oneof === undefined) continue;
    const union = value[field.oneof] as { case: string; value: unknown } | undefined;
    if (union?.case === field.name) writeOne(writer, field.no, field.type, union.value);
  }
}

function writeField(writer: Writer, field: Field, value: unknown): void {
  if (value === undefined) return;
  if (field.shape === "list") writeList(writer, field, value as readonly unknown[]);
  else if (field.shape === "map") writeMap(writer, field, value as ReadonlyMap<string, unknown>);
  else if (typeof field.type === "function" || !isDefault(value)) writeOne(writer, field.no, field.type, value);
}

function writeList(writer: Writer, field: Field, values: readonly unknown[]): void {
  const { type } = field;
  if (values.length === 0) return;
  if (typeof type === "function" || hasLength(type)) {
    for (const value of values) writeOne(writer, field.no, type, value);
    return;
  }
  writer.tag(field.no, 2);
  writer.nested(() => {
    for (const value of values) writeNumber(writer, type, value);
  });
}

function writeMap(writer: Writer, field: Field, map: ReadonlyMap<string, unknown>): void {
  for (const key of [...map.keys()].sort(compareRaw)) {
    writer.tag(field.no, 2);
    writer.nested(() => {
      writeOne(writer, 1, "raw", key);
      writeOne(writer, 2, field.type, map.get(key));
    });
  }
}

function writeOne(writer: Writer, no: number, type: Field["type"], value: unknown): void {
  if (typeof type === "function") {
    writer.tag(no, 2);
    writer.nested(() => writeMessage(writer, type(), value as Record<string, unknown>));
  } else if (hasLength(type)) {
    writer.tag(no, 2);
    if (type === "string") writer.text(value as string);
    else if (type === "raw") writer.raw(value as string);
    else writer.bytes(value as Uint8Array);
  } else {
    writer.tag(no, type === "fixed64" || type === "double" ? 1 : 0);
    writeNumber(writer, type, value);
  }
}

function writeNumber(writer: Writer, type: ScalarType, value: unknown): void {
  if (type === "fixed64") writer.fixed64(value as bigint);
  else if (type === "double") writer.double(value as number);
  else if (typeof value === "bigint") writer.varint64(value);
  else writer.varint(typeof value === "boolean" ? Number(value) : (value as number));
}

function isDefault(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.byteLength === 0;
  return value === "" || value === 0 || value === false || value === 0n;
}

/** Written with its length in front, and so never packed in lists. */
export function hasLength(type: ScalarType): boolean {
  return type === "string" || type === "raw" || type === "bytes";
}

/** The value of a field that is not there. */
export function defaultOf(type: ScalarType): unknown {
  if (type === "string" || type === "raw") return "";
  if (type === "bytes") return new Uint8Array(0);
  if (type === "bool") return false;
  return type === "int64" || type === "uint64" || type === "fixed64" ? 0n : 0;
}
