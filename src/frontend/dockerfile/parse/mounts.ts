import { goQuote } from "../../../kit/index.ts";
import { csvFields } from "./csv.ts";
import { blaming, reworded } from "./errors.ts";
import type { MountFlag, MountSharing, MountType, RunMount } from "./instruction.ts";
import { invalid, withSuggestion } from "./messages.ts";
import { parseBool, parseByteSize, parseUint32 } from "./values.ts";

const types: readonly MountType[] = ["bind", "cache", "tmpfs", "secret", "ssh"];
const sharings: readonly MountSharing[] = ["shared", "private", "locked"];
/** In upstream's order, which decides between suggestions that are equally near. */
const keys =
  "type from source target readonly id sharing required size mode uid gid src dst destination ro rw readwrite env";

/** What a key says; `readOnly` undefined means that the mount's type decides. */
type Draft = Omit<RunMount, "readOnly"> & { readonly readOnly: boolean | undefined };

/** What a `--mount` flag tells before expansion. Throws `dockerfile/invalid` for bad CSV and for a variable in `from`. */
export function readMountFlag(text: string): MountFlag {
  let from = "";
  for (const { key, value, text: field } of mountFields(text)) {
    if (key !== "from" || value === undefined) continue;
    const dollar = value.indexOf("$");
    if (dollar >= 0 && dollar !== value.length - 1) {
      throw invalid("'from' doesn't support variable expansion, define alias stage instead", field);
    }
    from = value;
  }
  return { text, from };
}

/** Reads the `--mount` flags of a RUN. Throws `dockerfile/invalid` with upstream's sentences. */
export function readMounts(flags: readonly { readonly text: string }[], expand: (word: string) => string): RunMount[] {
  return flags.map((flag) => readMount(flag.text, expand));
}

function readMount(text: string, expand: (word: string) => string): RunMount {
  let draft = emptyMount;
  for (const field of mountFields(text)) {
    const { type } = draft;
    draft = { ...draft, ...blaming([field.text], () => meaningOf(field, type, expand)) };
  }
  const readOnly = draft.readOnly ?? (draft.type !== "cache" && draft.type !== "tmpfs");
  const mount = { ...draft, readOnly };
  blaming([`--mount=${text}`, "--mount"], () => checkMount(mount));
  return mount;
}

const emptyMount: Draft = {
  type: "bind",
  from: "",
  source: "",
  target: "",
  readOnly: undefined,
  sizeLimit: 0,
  id: "",
  sharing: "",
  required: false,
  env: undefined,
  mode: undefined,
  uid: undefined,
  gid: undefined,
};

interface MountField {
  readonly key: string;
  readonly value: string | undefined;
  readonly text: string;
}

function mountFields(text: string): MountField[] {
  let fields: string[];
  try {
    fields = blaming([`--mount=${text}`, "--mount"], () => csvFields(text));
  } catch (error) {
    throw reworded(error, (message) => `failed to parse csv mounts: ${message}`);
  }
  return fields.map((field) => {
    const at = field.indexOf("=");
    const key = (at < 0 ? field : field.slice(0, at)).toLowerCase();
    return { key, value: at < 0 ? undefined : field.slice(at + 1), text: field };
  });
}

/** `type` is what the keys so far made of it: upstream reads from left to right. */
function meaningOf(field: MountField, type: MountType, expand: (word: string) => string): Partial<Draft> {
  if (field.value === undefined) return wordMeaning(field, type);
  const value = expand(field.value);
  const meaning = meanings.get(field.key);
  if (meaning !== undefined) return meaning(value, field.key, type);
  const sentence = `unexpected key '${field.key}' in '${field.text}'`;
  throw invalid(withSuggestion(sentence, field.key, keys.split(" "), true));
}

/** A key without a value. */
function wordMeaning({ key, text }: MountField, type: MountType): Partial<Draft> {
  if (key === "readonly" || key === "ro") return { readOnly: true };
  if (key === "readwrite" || key === "rw") return { readOnly: false };
  if (key !== "required") throw invalid(`invalid field '${text}' must be a key=value pair`);
  checkRequired(key, type);
  return { required: true };
}

type Meaning = (value: string, key: string, type: MountType) => Partial<Draft>;

const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["type", (value) => ({ type: typeOf(value) })],
  ["from", (from) => ({ from })],
  ["source", (source) => ({ source })],
  ["src", (source) => ({ source })],
  ["target", (target) => ({ target })],
  ["dst", (target) => ({ target })],
  ["destination", (target) => ({ target })],
  ["readonly", (value, key) => ({ readOnly: bool(key, value) })],
  ["ro", (value, key) => ({ readOnly: bool(key, value) })],
  ["readwrite", (value, key) => ({ readOnly: !bool(key, value) })],
  ["rw", (value, key) => ({ readOnly: !bool(key, value) })],
  ["required", (value, key, type) => ({ required: checkRequired(key, type) && bool(key, value) })],
  ["size", (value, key, type) => ({ sizeLimit: sizeOf(value, key, type) })],
  ["id", (id) => ({ id })],
  ["sharing", (value) => ({ sharing: sharingOf(value) })],
  ["mode", (value, key) => ({ mode: uint(key, value, 8) })],
  ["uid", (value, key) => ({ uid: uint(key, value, 10) })],
  ["gid", (value, key) => ({ gid: uint(key, value, 10) })],
  ["env", (env) => ({ env })],
]);

function typeOf(value: string): MountType {
  const type = types.find((known) => known === value.toLowerCase());
  if (type !== undefined) return type;
  throw invalid(withSuggestion(`unsupported mount type ${goQuote(value)}`, value, types, true));
}

function sharingOf(value: string): MountSharing {
  const sharing = sharings.find((known) => known === value.toLowerCase());
  if (sharing !== undefined) return sharing;
  throw invalid(withSuggestion(`unsupported sharing value ${goQuote(value)}`, value, sharings, true));
}

function checkRequired(key: string, type: MountType): true {
  if (type !== "secret" && type !== "ssh") throw unexpected(key, type);
  return true;
}

function sizeOf(value: string, key: string, type: MountType): number {
  if (type !== "tmpfs") throw unexpected(key, type);
  const size = parseByteSize(value);
  if (size === undefined) throw invalid(`invalid value for ${key}: ${value}`);
  return size;
}

function unexpected(key: string, type: MountType) {
  return invalid(`unexpected key '${key}' for mount type '${type}'`);
}

function bool(key: string, value: string): boolean {
  const parsed = parseBool(value);
  if (parsed === undefined) throw invalid(`invalid value for ${key}: ${value}`);
  return parsed;
}

function uint(key: string, value: string, base: 8 | 10): number {
  const parsed = parseUint32(value, base);
  if (parsed === undefined) throw invalid(`invalid value ${value} for ${key}`);
  return parsed;
}

/** Rules between the keys of one mount. */
function checkMount(mount: RunMount): void {
  if (mount.type === "bind" || mount.type === "tmpfs") {
    const forbidden = (["mode", "uid", "gid"] as const).find((key) => mount[key] !== undefined);
    if (forbidden !== undefined) throw invalid(`${forbidden} not allowed for "${mount.type}" type mounts`);
  }
  if (mount.type === "secret") checkSecret(mount);
  if (mount.sharing !== "" && mount.type !== "cache")
    throw invalid(`invalid cache sharing set for ${mount.type} mount`);
}

function checkSecret({ from, sharing, source, target, id }: RunMount): void {
  if (from !== "") throw invalid("secret mount should not have a from");
  if (sharing !== "") throw invalid("secret mount should not define sharing");
  if (source === "" && target === "" && id === "") {
    throw invalid("invalid secret mount. one of source, target required");
  }
  if (source !== "" && id !== "") throw invalid("both source and id can't be set");
}
