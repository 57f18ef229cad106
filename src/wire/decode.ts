import { CooperError } from "../kit/index.ts";
import { defaultOf, hasLength } from "./encode.ts";
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
  const table = tableOf(type);
  const value = table.empty();
  while (!reader.done) {
    const tag = reader.tag();
    const field = table.fields[tag >>> 3];
    if (field === undefined) reader.skip(tag & 7);
    else readField(reader, field, tag & 7, value, depth);
  }
  return value;
}

function readField(reader: Reader, field: Field, wireType: number, into: Record<string, unknown>, depth: number): void {
  const { type } = field;
  if (field.shape === "map") {
    const [key, item] = readEntry(reader.nested(wireType), field, depth);
    if (into[field.name] === noEntries) into[field.name] = new Map();
    (into[field.name] as Map<string, unknown>).set(key, item);
  } else if (field.shape === "list") {
    const list = into[field.name] as unknown[];
    if (wireType === 2 && typeof type === "string" && !hasLength(type)) {
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
  let item = typeof field.type === "function" ? tableOf(field.type()).empty() : defaultOf(field.type);
  while (!reader.done) {
    const tag = reader.tag();
    if (tag >>> 3 === 1) key = reader.raw(tag & 7);
    else if (tag >>> 3 === 2) item = readOne(reader, field.type, tag & 7, depth);
    else reader.skip(tag & 7);
  }
  return [key, item];
}

function readOne(reader: Reader, type: Field["type"], wireType: number, depth: number): unknown {
  if (typeof type === "function") return readMessage(reader.nested(wireType), type(), depth - 1);
  return readScalar(reader, type, wireType);
}

function readScalar(reader: Reader, type: ScalarType, wireType: number): unknown {
  if (type === "string") return reader.string(wireType);
  if (type === "raw") return reader.raw(wireType);
  if (type === "bytes") return reader.bytes(wireType);
  if (type === "fixed64") return reader.eight(wireType).getBigUint64(0, true);
  if (type === "double") return reader.eight(wireType).getFloat64(0, true);
  if (type === "uint64") return reader.varint(wireType);
  if (type === "int64") return BigInt.asIntN(64, reader.varint(wireType));
  if (type === "bool") return reader.varint(wireType) !== 0n;
  return type === "uint32" ? reader.number(wireType) >>> 0 : reader.number(wireType) | 0;
}

/** What every message of a type begins as, and its fields by number. */
interface Table {
  readonly empty: () => Record<string, unknown>;
  readonly fields: readonly (Field | undefined)[];
}

const tables = new WeakMap<MessageType<unknown>, Table>();

/** Of maps that nobody has put anything into: most messages' are. */
const noEntries: ReadonlyMap<string, unknown> = new Map();

/** Computed once per message type. */
function tableOf(type: MessageType<unknown>): Table {
  let table = tables.get(type);
  if (table === undefined) {
    const fields: (Field | undefined)[] = [];
    for (const field of type.fields) fields[field.no] = field;
    table = { fields, empty: emptyOf(type) };
    tables.set(type, table);
  }
  return table;
}

function emptyOf(type: MessageType<unknown>): Table["empty"] {
  const plain: Record<string, unknown> = {};
  const lists: string[] = [];
  for (const field of type.fields) {
    if (field.oneof !== undefined) continue;
    if (field.shape === "list") lists.push(field.name);
    if (field.shape === "list" || field.shape === "map") plain[field.name] = noEntries;
    else if (typeof field.type === "string") plain[field.name] = defaultOf(field.type);
  }
  return () => {
    const value = { ...plain };
    for (const name of lists) value[name] = [];
    return value;
  };
}
