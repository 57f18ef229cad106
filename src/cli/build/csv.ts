import { CooperError } from "../../kit/index.ts";

/**
 * The fields of one CSV line (RFC 4180: quotes around a field, doubled inside one), as options such as `--output` are
 * written. Throws `cli/bad-value` with the words and columns of Go's csv reader.
 */
export function csvFields(text: string): string[] {
  const line = text.replace(/\r?\n$/, "");
  if (line === "") throw new CooperError("cli/bad-value", "EOF");
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const field = line[at] === '"' ? quotedField(line, at) : plainField(line, at);
    fields.push(field.value);
    if (field.end >= line.length) return fields;
    at = field.end + 1;
  }
}

interface Field {
  readonly value: string;
  /** Where the comma after it stands, or the end of the line. */
  readonly end: number;
}

function plainField(line: string, start: number): Field {
  const comma = line.indexOf(",", start);
  const end = comma < 0 ? line.length : comma;
  const value = line.slice(start, end);
  const quote = value.indexOf('"');
  if (quote >= 0) throw parseError(line, start + quote, 'bare " in non-quoted-field');
  return { value, end };
}

function quotedField(line: string, start: number): Field {
  let value = "";
  let at = start + 1;
  for (;;) {
    const quote = line.indexOf('"', at);
    if (quote < 0) throw parseError(line, at, 'extraneous or missing " in quoted-field');
    value += line.slice(at, quote);
    if (line[quote + 1] !== '"') {
      if (quote + 1 < line.length && line[quote + 1] !== ",") {
        throw parseError(line, quote, 'extraneous or missing " in quoted-field');
      }
      return { value, end: quote + 1 };
    }
    value += '"';
    at = quote + 2;
  }
}

/** Columns count bytes from 1. */
function parseError(line: string, at: number, reason: string): CooperError {
  const column = Buffer.byteLength(line.slice(0, at)) + 1;
  return new CooperError("cli/bad-value", `parse error on line 1, column ${column}: ${reason}`);
}
