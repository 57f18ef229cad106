import { CooperError } from "../../kit/index.ts";

/** A value by a Go template, as far as there is one here: `{{json .}}`. Throws `cli/not-supported`. */
export function formatted(template: string, value: unknown): string {
  if (/^\{\{\s*json\s+\.\s*\}\}$/.test(template.trim())) return `${JSON.stringify(value)}\n`;
  throw new CooperError("cli/not-supported", `format ${JSON.stringify(template)} is not supported yet`, {
    hint: "use --format '{{json .}}'",
  });
}
