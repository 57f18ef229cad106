import { CooperError } from "../../kit/index.ts";
import { type Expansion, type Expression, parseExpression } from "./expression.ts";
import { trim } from "./trim.ts";

/** Values of variables by name. A name with an empty value is set. */
export type Variables = ReadonlyMap<string, string>;

/**
 * The text with its expansions replaced, once: what comes out of a variable is not looked into again. Throws `pipeline/interpolation` for a bad
 * expression and for a required variable that is not set.
 */
export function interpolate(text: string, variables: Variables): string {
  return text.includes("$") || text.includes("\\") ? expand(parseExpression(text), variables) : text;
}

function expand(expression: Expression, variables: Variables): string {
  return expression.map((part) => (typeof part === "string" ? part : replacement(part, variables))).join("");
}

function replacement(expansion: Expansion, variables: Variables): string {
  const set = variables.get(expansion.name);
  const value = set ?? "";
  switch (expansion.kind) {
    case "value":
      return value;
    case "default":
      return (expansion.empty ? value === "" : set === undefined) ? expand(expansion.word, variables) : value;
    case "required": {
      if (set !== undefined) return value;
      const message = expand(expansion.message, variables) || "not set";
      const hint = `set it: --env ${expansion.name}=VALUE, or env: at the top of the pipeline`;
      throw new CooperError("pipeline/interpolation", `$${expansion.name}: ${message}`, { hint });
    }
    case "substring":
      return substring(value, expansion.offset, expansion.length);
    case "trim":
      return trim(value, expansion.operator, expansion.pattern);
  }
}

/** Counts bytes. A negative offset counts from the end, and so does a negative length; what is out of bounds is cut to them. */
function substring(value: string, offset: number, length: number | undefined): string {
  const bytes = Buffer.from(value, "utf8");
  const size = bytes.byteLength;
  const from = Math.min(size, Math.max(0, offset < 0 ? offset + size : offset));
  if (length === undefined) return bytes.toString("utf8", from);
  const to = length < 0 ? Math.max(from, length + size) : Math.min(size, from + length);
  return bytes.toString("utf8", from, to);
}
