import { CooperError } from "../../../kit/index.ts";
import { trimPrefix, trimSuffix } from "./pattern.ts";

/** `${name<operator>word}` once its parts are known. `value` undefined: the variable is not set. */
export interface Substitution {
  readonly name: string;
  readonly value: string | undefined;
  /** As written: `-`, `:-`, `#`, … (the doubled `##` and `%%` show in `word`). */
  readonly operator: string;
  readonly word: string;
}

/** What the substitution stands for. Throws `dockerfile/expansion`. */
export function substitute(substitution: Substitution): string {
  const { operator, value, word } = substitution;
  const nullIsUnset = operator.startsWith(":");
  const given = value !== undefined && !(nullIsUnset && value === "");
  switch (nullIsUnset ? operator.slice(1) : operator) {
    case "-":
      return given ? value : word;
    case "+":
      return given ? word : "";
    case "?":
      if (given) return value;
      throw required(substitution);
    case "#":
      return trimPrefix(withoutDouble(word, "#"), value ?? "", word.startsWith("#"));
    case "%":
      return trimSuffix(withoutDouble(word, "%"), value ?? "", word.startsWith("%"));
    default:
      throw unsupportedModifier(operator);
  }
}

export function unsupportedModifier(operator: string): CooperError {
  return new CooperError("dockerfile/expansion", `unsupported modifier (${operator}) in substitution`);
}

function required({ name, value, word }: Substitution): CooperError {
  const standard = value === undefined ? "is not allowed to be unset" : "is not allowed to be empty";
  return new CooperError("dockerfile/expansion", `${name}: ${word === "" ? standard : word}`);
}

const withoutDouble = (word: string, operator: string): string => (word.startsWith(operator) ? word.slice(1) : word);
