import { CooperError } from "../../kit/index.ts";
import { csvFields } from "./csv.ts";

/** What `type=T,key=value,…` says. */
export interface TypedAttributes {
  readonly type: string;
  readonly attrs: Readonly<Record<string, string>>;
}

/** `key=value` fields of a CSV line; keys in lower case, in order. Throws `cli/bad-value`. */
export function csvPairs(text: string): [string, string][] {
  return csvFields(text).map((field) => {
    const equals = field.indexOf("=");
    if (equals < 0) throw new CooperError("cli/bad-value", `invalid value ${field}`);
    return [field.slice(0, equals).toLowerCase(), field.slice(equals + 1)];
  });
}

/** Reads one value of an option that needs `type=`, such as `--output`. Throws `cli/bad-value`. */
export function typedAttributes(option: string, text: string): TypedAttributes {
  const { type = "", ...attrs } = Object.fromEntries(csvPairs(text));
  if (type === "") throw new CooperError("cli/bad-value", `${option} requires type=<type>`);
  return { type, attrs };
}

/** `NAME=VALUE` words as a map; the last of two with one name counts. Throws `cli/bad-value`. */
export function nameValues(words: readonly string[]): Record<string, string> {
  const pairs = words.map((word): [string, string] => {
    const equals = word.indexOf("=");
    if (equals < 0) throw new CooperError("cli/bad-value", `invalid value ${word}`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
  return Object.fromEntries(pairs);
}
