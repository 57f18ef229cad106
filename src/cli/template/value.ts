/** What a Go template works on: Go's values as far as a daemon's answers have them. `null` is nil. */
export type GoValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | GoStruct
  | readonly GoValue[]
  | ReadonlyMap<string, GoValue>;

export interface GoField {
  /** As a template names it. */
  readonly name: string;
  /** As JSON names it. */
  readonly json: string;
  /** JSON leaves it out when it is empty. */
  readonly omitEmpty: boolean;
  readonly value: GoValue;
}

/** A Go struct, or a pointer to one. */
export class GoStruct {
  /** `*client.UsageInfo`: shown in errors. */
  readonly type: string;
  readonly fields: readonly GoField[];
  /** How it prints, and what it is in JSON, when it has a say in that itself: a time, an enum. */
  readonly text: string | undefined;
  readonly json: GoValue | undefined;

  constructor(type: string, fields: readonly GoField[], own: { readonly text?: string; readonly json?: GoValue } = {}) {
    this.type = type;
    this.fields = fields;
    this.text = own.text;
    this.json = own.json;
  }
}

/** A field; `,omitempty` after its JSON name is Go's way to say so. */
export function goField(name: string, json: string, value: GoValue): GoField {
  const [plain = "", option] = json.split(",");
  return { name, json: plain, omitEmpty: option === "omitempty", value };
}

export function isList(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value);
}
export function isMap(value: GoValue): value is ReadonlyMap<string, GoValue> {
  return value instanceof Map;
}

/** What `if` takes for false: zero, nothing, empty. */
export function isEmpty(value: GoValue): boolean {
  if (value === null || value === false || value === 0 || value === 0n || value === "") return true;
  if (value instanceof Uint8Array || isList(value)) return value.length === 0;
  return isMap(value) && value.size === 0;
}

/** JSON as Go's encoder writes it, on one line; `<`, `>` and `&` stay as they are. */
export function goJson(value: GoValue): string {
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "bigint") {
    return String(value);
  }
  if (typeof value === "string") return JSON.stringify(value).replace(/[\u2028\u2029]/g, escapeCharacter);
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString("base64"));
  if (isList(value)) return `[${value.map(goJson).join(",")}]`;
  if (isMap(value)) return objectJson([...value].sort(([a], [b]) => (a < b ? -1 : 1)));
  if (value instanceof GoStruct) {
    if (value.json !== undefined) return goJson(value.json);
    const shown = value.fields.filter((field) => !(field.omitEmpty && isEmpty(field.value)));
    return objectJson(shown.map((field) => [field.json, field.value]));
  }
  throw new TypeError("not a Go value");
}

function objectJson(entries: readonly (readonly [string, GoValue])[]): string {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${goJson(value)}`).join(",")}}`;
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16)}`;
}

/** As `fmt` prints it with `%v`. */
export function goText(value: GoValue): string {
  if (value === null) return "<nil>";
  if (value instanceof Uint8Array) return `[${[...value].join(" ")}]`;
  if (isList(value)) return `[${value.map(goText).join(" ")}]`;
  if (isMap(value)) {
    const entries = [...value].sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${entries.map(([key, one]) => `${key}:${goText(one)}`).join(" ")}]`;
  }
  if (value instanceof GoStruct) {
    const pointer = value.type.startsWith("*") ? "&" : "";
    return value.text ?? `${pointer}{${value.fields.map((field) => goText(field.value)).join(" ")}}`;
  }
  return String(value);
}
