import { compareBytes } from "../oci/index.ts";
import { type MessageType, pb } from "../wire/index.ts";

type Fields = MessageType<unknown>["fields"];
type Values = Readonly<Record<string, unknown>>;

/**
 * An op as provenance shows it: the JSON that Go's encoding/json makes of upstream's structs. Not protobuf's JSON: fields have the
 * names of the .proto, 64-bit numbers are numbers, and the unions of `Op`, `FileAction` and `UserOpt` are objects of their own.
 */
export function opJson(op: pb.Op): object {
  return messageJson(pb.Op, op as unknown as Values);
}

/** The same for any message that can be in one. */
export function messageJson(type: MessageType<unknown>, value: Values): Record<string, unknown> {
  const union = unions[type.name];
  if (union !== undefined) return union(type.fields, value);
  const json: Record<string, unknown> = {};
  for (const field of type.fields) json[nameOf(field)] = fieldJson(field, value[field.name]);
  return json;
}

const unions: Readonly<Record<string, (fields: Fields, value: Values) => Record<string, unknown>>> = {
  "pb.Op": (fields, value) => ({
    ...plain(fields, value, ["inputs"]),
    Op: chosen(fields, value, "op"),
    ...plain(fields, value, ["platform", "constraints"]),
  }),
  "pb.FileAction": (fields, { input, secondaryInput, output, ...value }) => {
    // Upstream's struct has no place for a symlink.
    const { symlink: _, ...action } = chosen(fields, value, "action");
    return { input: Number(input), secondaryInput: Number(secondaryInput), output: Number(output), Action: action };
  },
  "pb.UserOpt": (fields, value) => {
    const { byID, ...user } = chosen(fields, value, "user");
    return { User: { ...user, ...(byID !== undefined && byID !== 0 && { byId: byID }) } };
  },
};

function plain(fields: Fields, value: Values, names: readonly string[]): Record<string, unknown> {
  const some = fields.filter(({ name }) => names.includes(name));
  return Object.fromEntries(some.map((field) => [nameOf(field), fieldJson(field, value[field.name])]));
}

function chosen(fields: Fields, value: Values, union: string): Record<string, unknown> {
  const one = value[union] as { readonly case: string; readonly value: unknown } | undefined;
  const field = fields.find(({ name, oneof }) => oneof === union && name === one?.case);
  return field === undefined || one === undefined ? {} : { [nameOf(field)]: oneJson(field.type, one.value) };
}

/** Names of the .proto that are not what our objects have. */
const protoNames: Readonly<Record<string, string>> = {
  proxyEnv: "proxy_env",
  httpProxy: "http_proxy",
  httpsProxy: "https_proxy",
  ftpProxy: "ftp_proxy",
  noProxy: "no_proxy",
  allProxy: "all_proxy",
  includePatterns: "include_patterns",
  excludePatterns: "exclude_patterns",
  requiredPaths: "required_paths",
  ignoreCache: "ignore_cache",
  exportCache: "export_cache",
  progressGroup: "progress_group",
  linuxResources: "linux_resources",
};

function nameOf({ name, json }: Fields[number]): string {
  return json ?? protoNames[name] ?? name;
}

/** Undefined is left out. */
function fieldJson({ type, shape }: Fields[number], value: unknown): unknown {
  if (value === undefined) return undefined;
  if (shape === "list") {
    const list = value as readonly unknown[];
    return list.length === 0 ? undefined : list.map((item) => oneJson(type, item));
  }
  if (shape === "map") {
    const map = value as ReadonlyMap<string, unknown>;
    const entries = [...map].sort(([a], [b]) => compareBytes(a, b));
    return map.size === 0 ? undefined : new Map(entries.map(([key, item]) => [key, oneJson(type, item)]));
  }
  return isDefault(value) ? undefined : oneJson(type, value);
}

function oneJson(type: Fields[number]["type"], value: unknown): unknown {
  if (typeof type === "function") return messageJson(type(), value as Values);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return typeof value === "bigint" ? Number(value) : value;
}

function isDefault(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.byteLength === 0;
  return value === "" || value === 0 || value === false || value === 0n;
}
