import { CooperError } from "../../kit/index.ts";
import { format } from "./printf.ts";
import { type GoValue, goJson, goText, isEmpty, isList, isMap } from "./value.ts";

type GoFunction = (...args: readonly GoValue[]) => GoValue;

/** Go's own functions for templates, and `json`. `and` and `or` do not stop early: nothing here has effects. */
export const functions: Readonly<Record<string, GoFunction>> = {
  json: (value = null) => goJson(value),
  and: (...args) => args.find(isEmpty) ?? args.at(-1) ?? null,
  or: (...args) => args.find((value) => !isEmpty(value)) ?? args.at(-1) ?? null,
  not: (value = null) => isEmpty(value),
  eq: (first = null, ...rest) => rest.some((value) => compare(first, value) === 0),
  ne: (a = null, b = null) => compare(a, b) !== 0,
  lt: (a = null, b = null) => compare(a, b) < 0,
  le: (a = null, b = null) => compare(a, b) <= 0,
  gt: (a = null, b = null) => compare(a, b) > 0,
  ge: (a = null, b = null) => compare(a, b) >= 0,
  len: lengthOf,
  index: (value = null, ...keys) => keys.reduce(element, value),
  slice,
  print: (...args) => printed(args),
  println: (...args) => `${args.map(goText).join(" ")}\n`,
  printf: (pattern = "", ...args) => format(goText(pattern), args),
  urlquery: (...args) => encodeURIComponent(printed(args)).replaceAll("%20", "+"),
  html: (...args) => printed(args).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`),
};

function failed(name: string, reason: string): CooperError {
  return new CooperError("cli/bad-template", `error calling ${name}: ${reason}`);
}

/** A space stands between two values neither of which is a string. */
function printed(args: readonly GoValue[]): string {
  let out = "";
  for (const [at, value] of args.entries()) {
    if (at > 0 && typeof value !== "string" && typeof args[at - 1] !== "string") out += " ";
    out += goText(value);
  }
  return out;
}

function compare(a: GoValue, b: GoValue): number {
  const isNumber = (value: GoValue) => typeof value === "number" || typeof value === "bigint";
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  if (a === null || b === null) return a === b ? 0 : 1;
  // An enum compares by its name, a digest by its text.
  const [left, right] = [goText(a), goText(b)];
  if (isNumber(a) !== isNumber(b)) throw failed("eq", "incompatible types for comparison");
  return left === right ? 0 : left < right ? -1 : 1;
}

function lengthOf(value: GoValue = null): GoValue {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (value instanceof Uint8Array || isList(value)) return value.length;
  if (isMap(value)) return value.size;
  throw failed("len", "len of a value that has none");
}

function element(value: GoValue, key: GoValue): GoValue {
  if (isMap(value)) return value.get(goText(key)) ?? null;
  const list = typeof value === "string" ? Buffer.from(value) : value;
  if (!isList(list) && !(list instanceof Uint8Array)) throw failed("index", "can't index the value");
  const found: GoValue | undefined = list[Number(key)];
  if (found === undefined) throw failed("index", `index out of range: ${goText(key)}`);
  return found;
}

function slice(value: GoValue = null, from: GoValue = 0, to?: GoValue): GoValue {
  const [start, end] = [Number(from), to === undefined ? undefined : Number(to)];
  const size = typeof value === "string" || isList(value) || value instanceof Uint8Array ? value.length : undefined;
  if (size === undefined) throw failed("slice", "can't slice the value");
  if (start < 0 || start > size || (end !== undefined && (end < start || end > size))) {
    throw failed("slice", `index out of range: ${end ?? start}`);
  }
  return typeof value === "string" ? value.slice(start, end) : isList(value) ? value.slice(start, end) : null;
}
