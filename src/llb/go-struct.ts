import { type Field, fieldJson, type JsonForm, type MessageType, valueJson } from "../wire/index.ts";

type Values = Readonly<Record<string, unknown>>;

/**
 * A message of LLB as Go's encoding/json writes upstream's struct of it, as an object for `goJson`. Not protobuf's JSON: fields
 * have the names of the .proto, 64-bit numbers are numbers, and the unions of `Op`, `FileAction` and `UserOpt` are objects of their own.
 */
export function goStruct<T>(type: MessageType<T>, value: T): Record<string, unknown> {
  return goForm.message(type, value as Values);
}

const goForm: JsonForm = {
  long: (value) => value,
  map: (entries) => new Map(entries),
  message(type, value) {
    const union = unions[type.name];
    if (union !== undefined) return union(type.fields, value);
    return plain(type.fields, value);
  },
};

const unions: Readonly<Record<string, (fields: readonly Field[], value: Values) => Record<string, unknown>>> = {
  "pb.Op": (fields, value) => {
    const { inputs, ...others } = plain(
      fields.filter(({ oneof }) => oneof === undefined),
      value,
    );
    return { inputs, Op: chosen(fields, value, "op"), ...others };
  },
  "pb.FileAction": (fields, { input, secondaryInput, output, ...value }) => {
    // Upstream's struct has no place for a symlink.
    const { symlink: _, ...action } = chosen(fields, value, "action");
    return { input, secondaryInput, output, Action: action };
  },
  "pb.UserOpt": (fields, value) => {
    const { byID, ...user } = chosen(fields, value, "user");
    return { User: { ...user, ...(byID !== undefined && byID !== 0 && { byId: byID }) } };
  },
};

function plain(fields: readonly Field[], value: Values): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [nameOf(field), fieldJson(field, value[field.name], goForm)]));
}

function chosen(fields: readonly Field[], value: Values, union: string): Record<string, unknown> {
  const one = value[union] as { readonly case: string; readonly value: unknown } | undefined;
  const field = fields.find(({ name, oneof }) => oneof === union && name === one?.case);
  return field === undefined || one === undefined ? {} : { [nameOf(field)]: valueJson(field.type, one.value, goForm) };
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

function nameOf({ name, json }: Field): string {
  return json ?? protoNames[name] ?? name;
}
