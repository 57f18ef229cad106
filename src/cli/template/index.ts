import { checkFunctions, execute } from "./execute.ts";
import { parse } from "./parse.ts";
import type { GoValue } from "./value.ts";

/**
 * Reads `--format`: a template of Go's, or `json` for all of it. What it gives prints a value, a newline after it. Throws
 * `cli/bad-template`, for what is wrong in the template at once, for what does not fit the value when it is printed.
 */
export function formatter(format: string): (value: GoValue) => string {
  const template = parse(format === "json" ? "{{json .}}" : format);
  checkFunctions(template);
  return (value) => `${execute(template, value)}\n`;
}
