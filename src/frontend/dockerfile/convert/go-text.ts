import { CooperError, goQuote } from "../../../kit/index.ts";

/** Go's `strconv.ParseInt` for base 10. Throws with its sentence. */
export function parseGoInt(text: string, unsigned = false): number {
  const name = unsigned ? "ParseUint" : "ParseInt";
  const valid = (unsigned ? /^[0-9]+$/ : /^[+-]?[0-9]+$/).test(text);
  if (!valid) throw bad(`strconv.${name}: parsing ${goQuote(text)}: invalid syntax`);
  const limit = unsigned ? 2n ** 64n : 2n ** 63n;
  const value = BigInt(text.replace(/^\+/, ""));
  if (value >= limit || value < -limit) throw bad(`strconv.${name}: parsing ${goQuote(text)}: value out of range`);
  return Number(value);
}

/** Go's `%v` of a list of strings. */
export function formatGoList(items: readonly string[]): string {
  return `[${items.join(" ")}]`;
}

function bad(message: string): CooperError {
  return new CooperError("dockerfile/bad-value", message);
}
