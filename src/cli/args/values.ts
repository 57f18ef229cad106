import { CooperError, goDuration } from "../../kit/index.ts";
import type { FlagSpec, FlagValues } from "./spec.ts";

const goBools = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false] as const),
]);

/** A boolean as Go's `strconv.ParseBool` reads it, or undefined. */
export function parseGoBool(text: string): boolean | undefined {
  return goBools.get(text);
}

/** Collects what the command line says and answers with upstream's types and defaults. */
export class FlagStore implements FlagValues {
  readonly #specs: ReadonlyMap<string, FlagSpec>;
  readonly #given = new Map<string, string[]>();
  readonly #fallback = new Map<string, string>();

  /** The nearest command's flags come first: of two flags with one name the first counts. */
  constructor(flags: readonly FlagSpec[], env: NodeJS.ProcessEnv) {
    this.#specs = new Map([...flags].reverse().map((flag) => [flag.name, flag]));
    for (const flag of flags) {
      const value = flag.env === undefined ? undefined : env[flag.env];
      if (value) this.#fallback.set(flag.name, value);
    }
  }

  set(flag: FlagSpec, value: string): void {
    const earlier = flag.kind === "strings" ? (this.#given.get(flag.name) ?? []) : [];
    this.#given.set(flag.name, [...earlier, value]);
  }

  isSet(name: string): boolean {
    return this.#given.has(name) || this.#fallback.has(name);
  }
  bool(name: string): boolean {
    return parseGoBool(this.string(name)) ?? false;
  }
  string(name: string): string {
    return this.#given.get(name)?.at(-1) ?? this.#default(name) ?? "";
  }
  strings(name: string): readonly string[] {
    const value = this.#default(name);
    return this.#given.get(name) ?? (value === undefined ? [] : [value]);
  }
  int(name: string): number {
    return Number(this.string(name) || "0");
  }

  #default(name: string): string | undefined {
    const spec = this.#specs.get(name);
    if (spec === undefined) throw new Error(`no flag "${name}" is specified`);
    return this.#fallback.get(name) ?? spec.value;
  }
}

/** Throws `cli/usage` when the value is not of the flag's kind. */
export function checkValue(flag: FlagSpec, value: string): void {
  const complaint = complaintAbout(flag.kind, value);
  if (complaint === undefined) return;
  throw new CooperError("cli/usage", `invalid value ${JSON.stringify(value)} for flag -${flag.name}: ${complaint}`);
}

/** What Go's parsers say about a value that is not of that kind. */
function complaintAbout(kind: FlagSpec["kind"], value: string): string | undefined {
  const quoted = JSON.stringify(value);
  if (kind === "int" && !/^[+-]?\d+$/.test(value)) return `strconv.ParseInt: parsing ${quoted}: invalid syntax`;
  if (kind === "bool" && parseGoBool(value) === undefined)
    return `strconv.ParseBool: parsing ${quoted}: invalid syntax`;
  if (kind === "float" && (value.trim() === "" || !Number.isFinite(Number(value)))) {
    return `strconv.ParseFloat: parsing ${quoted}: invalid syntax`;
  }
  if (kind === "duration" && goDuration(value) === undefined) return `time: invalid duration ${quoted}`;
  return undefined;
}
