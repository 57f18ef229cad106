import { goQuote } from "../../../kit/index.ts";
import { invalid } from "./messages.ts";

/** A boolean in any spelling of Go's `strconv.ParseBool`; undefined when it is none. */
export function parseBool(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text) ? false : undefined;
}

/** An unsigned number of 32 bits in base 8 or 10, or undefined. */
export function parseUint32(text: string, base: 8 | 10): number | undefined {
  if (!(base === 8 ? /^[0-7]+$/ : /^[0-9]+$/).test(text)) return undefined;
  const value = Number.parseInt(text, base);
  return value < 2 ** 32 ? value : undefined;
}

/** A signed number of 32 bits. Throws with the sentence of Go's `strconv.ParseInt`. */
export function parseInt32(text: string): number {
  const failure = (reason: string) => invalid(`strconv.ParseInt: parsing ${goQuote(text)}: ${reason}`);
  if (!/^[+-]?[0-9]+$/.test(text)) throw failure("invalid syntax");
  const value = Number(text);
  if (value >= 2 ** 31 || value < -(2 ** 31)) throw failure("value out of range");
  return value;
}

const sizeUnits = "kmgtp";

/** Bytes of `64m`, `1.5 GiB`, `2048`: units are powers of 1024 in either case. Undefined when it is no size. */
export function parseByteSize(text: string): number | undefined {
  const match = /^([0-9.eE+]*[0-9.])( ?)([A-Za-z]*)$/.exec(text);
  const [, number = "", , suffix = ""] = match ?? [];
  if (!/^\+?([0-9]+\.?[0-9]*|\.[0-9]+)([eE]\+?[0-9]+)?$/.test(number)) return undefined;
  const unit = /^(?:([kmgtp])(?:i?b)?|b)?$/.exec(suffix.toLowerCase());
  if (unit === null) return undefined;
  const power = unit[1] === undefined ? 0 : sizeUnits.indexOf(unit[1]) + 1;
  return Math.trunc(Number(number) * 1024 ** power);
}

const durationUnits: ReadonlyMap<string, number> = new Map([
  ["ns", 1],
  ["us", 1e3],
  ["µs", 1e3],
  ["μs", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
  ["m", 60e9],
  ["h", 3600e9],
]);

/** Nanoseconds of a Go duration (`1h30m`, `-1.5s`). Throws with the sentences of Go's `time.ParseDuration`. */
export function parseDuration(text: string): number {
  const bad = (what: string, rest = "") => invalid(`time: ${what} ${rest}duration ${goQuote(text)}`);
  let rest = text.replace(/^[+-]/, "");
  if (rest === "0") return 0;
  if (rest === "") throw bad("invalid");
  let total = 0;
  while (rest !== "") {
    const match = /^([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/.exec(rest);
    const [all = "", whole = "", fraction = "", unit = ""] = match ?? [];
    if (whole === "" && fraction === "") throw bad("invalid");
    if (unit === "") throw bad("missing unit", "in ");
    const scale = durationUnits.get(unit);
    if (scale === undefined) throw bad(`unknown unit ${goQuote(unit)}`, "in ");
    total += Number(whole) * scale + Math.trunc(Number(`0.${fraction || "0"}`) * scale);
    if (total > 2 ** 63) throw bad("invalid");
    rest = rest.slice(all.length);
  }
  return text.startsWith("-") ? -total : total;
}
