/** How a field's value is written. `enum` is an int32 that decode keeps as a number, known or not. */
export type ScalarType =
  | "string"
  /** A string whose sender may mean any bytes by it (a file's name): raw text, see kit's raw-text.ts. */
  | "raw"
  | "bytes"
  | "bool"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "fixed64"
  | "double"
  | "enum";

/** One field of a message: its number, its name in our objects, and what it holds. Messages are named lazily, for cycles. */
export interface Field {
  readonly no: number;
  readonly name: string;
  readonly type: ScalarType | (() => MessageType<unknown>);
  /** `map` has string keys, of any bytes; `type` is then the type of its values. */
  readonly shape: "one" | "list" | "map";
  /** Name of the tagged union that this field is a case of. */
  readonly oneof?: string;
  /** Its name in JSON, when that is another one. */
  readonly json?: string;
}

/** A message's description, from which `encode` and `decode` work. `T` is the type of its decoded values. */
export interface MessageType<out T> {
  readonly name: string;
  readonly fields: readonly Field[];
  /** Only for the type checker. */
  readonly _value?: T;
}

/** What `encode` accepts for a message: any field may be left out, down to the leaves. */
export type Init<T> = T extends string | number | bigint | boolean | Uint8Array | undefined
  ? T
  : T extends readonly (infer E)[]
    ? readonly Init<E>[]
    : T extends ReadonlyMap<string, infer V>
      ? ReadonlyMap<string, Init<V>>
      : T extends { readonly case: infer C; readonly value: infer V }
        ? { readonly case: C; readonly value: Init<V> }
        : { readonly [K in keyof T]?: Init<T[K]> | undefined };

/** Shorthand for a field of a generated table. */
export function field(
  no: number,
  name: string,
  type: Field["type"],
  shape: Field["shape"] = "one",
  json?: string,
): Field {
  return { no, name, type, shape, ...(json !== undefined && { json }) };
}

/** Shorthand for a case of a tagged union in a generated table. */
export function unionCase(no: number, name: string, type: Field["type"], oneof: string): Field {
  return { no, name, type, shape: "one", oneof };
}

/** A call of a service: its path, what goes in and comes out, and which sides may send many. */
export interface Method<I, O> {
  readonly path: string;
  readonly input: MessageType<I>;
  readonly output: MessageType<O>;
  readonly clientStreams: boolean;
  readonly serverStreams: boolean;
}

/** Shorthand for a call of a generated service. */
export function method<I, O>(
  path: string,
  input: MessageType<I>,
  output: MessageType<O>,
  clientStreams: boolean,
  serverStreams: boolean,
): Method<I, O> {
  return { path, input, output, clientStreams, serverStreams };
}
