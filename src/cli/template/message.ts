import { GoStruct, type GoValue, goField } from "./value.ts";

/** A message's description, as far as it matters here. */
export interface MessageShape {
  readonly name: string;
  readonly fields: readonly {
    readonly name: string;
    readonly type: string | (() => MessageShape);
    readonly shape: string;
    readonly json?: string;
  }[];
}

/** What a message needs to look as it does in Go: enum fields by `Message.field`, fields whose JSON name has underscores. */
export interface MessageLooks {
  readonly enums: Readonly<Record<string, readonly string[]>>;
  readonly underscored: ReadonlySet<string>;
}

/** A protobuf message as Go's generated struct: templates name its fields as Go does, JSON as the protocol does. */
export function goMessage(type: MessageShape, value: unknown, looks: MessageLooks): GoStruct {
  const record = value as Readonly<Record<string, unknown>>;
  const short = type.name.split(".").at(-1) ?? "";
  const fields = type.fields.map((field) => {
    const json = looks.underscored.has(field.name) ? underscored(field.name) : (field.json ?? field.name);
    const named = looks.enums[`${short}.${field.name}`];
    const one = named === undefined ? (item: unknown) => goOne(field.type, item, looks) : enumOf(named);
    return goField(capital(field.name), `${json},omitempty`, goShape(field.shape, record[field.name], one));
  });
  return new GoStruct(`*${short}`, fields, { text: protoText(fields.map(({ json, value: one }) => [json, one])) });
}

function goShape(shape: string, value: unknown, one: (item: unknown) => GoValue): GoValue {
  if (value === undefined) return null;
  if (shape === "map")
    return new Map([...(value as ReadonlyMap<string, unknown>)].map(([key, item]) => [key, one(item)]));
  if (shape !== "list") return one(value);
  const list = value as readonly { readonly key?: unknown; readonly value?: unknown }[];
  // How our statement has maps whose keys are numbers.
  const isMap = list.length > 0 && list.every((item) => typeof item.key === "bigint" && "value" in item);
  return isMap ? new Map(list.map((item) => [String(item.key), one(item.value)])) : list.map(one);
}

function goOne(type: MessageShape["fields"][number]["type"], value: unknown, looks: MessageLooks): GoValue {
  if (typeof type !== "function") return value as GoValue;
  if (value === undefined) return null;
  const inner = type();
  const pair = inner.fields.length === 2 && inner.fields[0]?.name === "key" ? inner.fields[1]?.type : undefined;
  return goMessage(typeof pair === "function" ? pair() : inner, value, looks);
}

function enumOf(names: readonly string[]): (value: unknown) => GoValue {
  return (value) => {
    const number = Number(value);
    return new GoStruct("enum", [], { text: names[number] ?? String(number), json: number });
  };
}

/** protobuf's text: `name:value` for all that is not empty. */
function protoText(fields: readonly (readonly [string, GoValue])[]): string {
  const shown = (value: GoValue): string => {
    if (typeof value === "string") return JSON.stringify(value);
    if (value instanceof GoStruct) return value.fields.length === 0 ? (value.text ?? "") : `{${value.text}}`;
    return String(value);
  };
  const parts = fields.flatMap(([name, value]) => {
    if (value === null || value === "" || value === 0 || value === 0n || value === false) return [];
    if (Array.isArray(value)) return value.map((one: GoValue) => `${name}:${shown(one)}`);
    if (value instanceof Map) {
      return [...value].map(([key, one]) => `${name}:{key:${JSON.stringify(key)} value:${shown(one as GoValue)}}`);
    }
    return [`${name}:${shown(value)}`];
  });
  return parts.join(" ");
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function underscored(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
