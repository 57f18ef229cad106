import { CooperError } from "../kit/index.ts";

const truths = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const lies = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/** A boolean as Go's `strconv.ParseBool` reads it. Throws `export/bad-attribute`, beginning with `what`. */
export function goBoolean(text: string, what: string): boolean {
  if (truths.has(text)) return true;
  if (lies.has(text)) return false;
  throw badAttribute(`${what}: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** A whole number as Go's `strconv.ParseInt` reads it. Throws `export/bad-attribute`, beginning with `what`. */
export function goInteger(text: string, what: (reason: string) => string): number {
  const reason = (why: string) => `strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`;
  if (!/^[+-]?[0-9]+$/.test(text)) throw badAttribute(what(reason("invalid syntax")));
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw badAttribute(what(reason("value out of range")));
  return value;
}

/** An exporter attribute that cannot be used. */
export function badAttribute(message: string, hint?: string): CooperError {
  return new CooperError("export/bad-attribute", message, { hint });
}
