import { blaming } from "./errors.ts";
import { invalid, withSuggestion } from "./messages.ts";

/** `bool`: `--x`, `--x=true`. `string`: `--x=value`, once. `strings`: any number of times. */
export type FlagKind = "bool" | "string" | "strings";

/** The flags of one instruction, checked. */
export interface Flags {
  /** Names in the order in which they were first given. */
  readonly used: readonly string[];
  /** Undefined when not given. */
  bool(name: string): boolean | undefined;
  /** "" when not given. */
  string(name: string): string;
  strings(name: string): readonly string[];
}

/** Checks `--name[=value]` words against what an instruction takes. Throws `dockerfile/invalid` with upstream's sentences. */
export function readFlags(words: readonly string[], kinds: Readonly<Record<string, FlagKind>> = {}): Flags {
  const values = new Map<string, string[]>();
  for (const word of words) blaming([word, splitFlag(word)[0]], () => readFlag(word, kinds, values));
  return {
    used: [...values.keys()],
    bool: (name) => (values.has(name) ? values.get(name)?.[0] === "true" : undefined),
    string: (name) => values.get(name)?.[0] ?? "",
    strings: (name) => values.get(name) ?? [],
  };
}

function readFlag(word: string, kinds: Readonly<Record<string, FlagKind>>, values: Map<string, string[]>): void {
  const [flag, value] = splitFlag(word);
  const name = flag.slice(2);
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined) {
    throw invalid(withSuggestion(`unknown flag: ${flag}`, name, Object.keys(kinds), true), flag);
  }
  const given = values.get(name);
  if (given !== undefined && kind !== "strings") throw invalid(`duplicate flag specified: ${flag}`);
  const checked = checkValue(flag, kind, value);
  if (given === undefined) values.set(name, [checked]);
  else given.push(checked);
}

function splitFlag(word: string): [string, string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function checkValue(flag: string, kind: FlagKind, value: string | undefined): string {
  if (kind !== "bool") {
    if (value === undefined) throw invalid(`missing a value on flag: ${flag}`);
    return value;
  }
  if (value === "") throw invalid(`missing a value on flag: ${flag}`);
  const lower = (value ?? "true").toLowerCase();
  if (lower === "true" || lower === "false") return lower;
  throw invalid(`expecting boolean value for flag ${flag}, not: ${value}`);
}
