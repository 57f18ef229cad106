import { CooperError } from "../kit/index.ts";
import { defaultOf } from "./encode.ts";
import type { Field, MessageType, ScalarType } from "./message.ts";
import { Reader } from "./reader.ts";

const maxDepth = 64;

/**
 * A message's value, with every absent scalar, list and map at its default; absent messages and unions are undefined.
 * Unknown fields are dropped. Throws `wire/malformed` for anything that is not that message's wire format; never reads
 * beyond `bytes`, and never nests deeper than 64 messages.
 */
export function decode<T>(type: MessageType<T>, bytes: Uint8Array): T {
  return readMessage(new Reader(bytes), type, maxDepth) as T;
}

function readMessage(reader: Reader, type: MessageType<unknown>, depth: number): Record<string, unknown> {
  if (depth === 0) throw new CooperError("wire/malformed", `cannot decode ${type.name}: nested too deeply`);
  const value = emptyMessage(type);
  while (!reader.done) {
    const { no, wireType } = reader.tag();
    const field = fieldsOf(type).get(no);
    if (field === undefined) reader.skip(wireType);
    else readField(reader, field, wireType, value, depth);
  }
  return value;
}

function readField(reader: Reader, field: Field, wireType: number, into: Record<string, unknown>, depth: number): void {
  const { type } = field;
  if (field.shape === "map") {
    const [key, item] = readEntry(reader.nested(wireType), field, depth);
    (into[field.name] as Map<string, unknown>).set(key, item);
  } else if (field.shape === "list") {
    const list = into[field.name] as unknown[];
    if (wireType === 2 && typeof type === "string" && type !== "string" && type !== "bytes") {
      const packed = reader.nested(wireType);
      const each = type === "fixed64" || type === "double" ? 1 : 0;
      while (!packed.done) list.push(readScalar(packed, type, each));
    } else list.push(readOne(reader, type, wireType, depth));
  } else if (field.oneof !== undefined) {
    into[field.oneof] = { case: field.name, value: readOne(reader, type, wireType, depth) };
  } else {
    into[field.name] = readOne(reader, type, wireType, depth);
  }
}

function readEntry(reader: Reader, field: Field, depth: number): [string, unknown] {
  let key = "";
  let item = typeof field.type === "function" ? emptyMessage(field.type()) : defaultOf(field.type);
  while (!reader.done) {
    const { no, wireType } = reader.tag();
    if (no === 1) key = reader.string(wireType);
    else if (no === 2) item = readOne(reader, field.type, wireType, depth);
    else reader.skip(wireType);
  }
  return [key, item];
}

function readOne(reader: Reader, type: Field["type"], wireType: number, depth: number): unknown {
  if (typeof type === "function") return readMessage(reader.nested(wireType), type(), depth - 1);
  return readScalar(reader, type, wireType);
}

function readScalar(reader: Reader, type: ScalarType, wireType: number): unknown {
  if (type === "string") return reader.string(wireType);
  if (type === "bytes") return reader.bytes(wireType);
  if (type === "fixed64") return reader.eight(wireType).getBigUint64(0, true);
  if (type === "double") return reader.eight(wireType).getFloat64(0, true);
  const value = reader.varint(wireType);
  if (type === "bool") return value !== 0n;
  if (type === "uint64") return value;
  if (type === "int64") return BigInt.asIntN(64, value);
  return type === "uint32" ? Number(BigInt.asUintN(32, value)) : Number(BigInt.asIntN(32, value));
}

function emptyMessage(type: MessageType<unknown>): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const field of type.fields) {
    if (field.oneof !== undefined) continue;
    if (field.shape === "list") value[field.name] = [];
    else if (field.shape === "map") value[field.name] = new Map();
    else if (typeof field.type === "string") value[field.name] = defaultOf(field.type);
  }
  return value;
}

const tables = new WeakMap<MessageType<unknown>, ReadonlyMap<number, Field>>();

/** Fields by number; computed once per message type. */
function fieldsOf(type: MessageType<unknown>): ReadonlyMap<number, Field> {
  let table = tables.get(type);
  if (table === undefined) {
    table = new Map(type.fields.map((field) => [field.no, field]));
    tables.set(type, table);
  }
  return table;
}
