import { invalid } from "./messages.ts";

/** The fields of one CSV line, quotes as in RFC 4180. Throws with the sentences of Go's `encoding/csv`. */
export function csvFields(text: string): string[] {
  const line = text.replace(/\r?\n$/, "");
  if (line === "") throw invalid("EOF");
  const fields: string[] = [];
  for (let at = 0; ; ) {
    const field = line[at] === '"' ? quotedField(line, at + 1) : bareField(line, at);
    fields.push(field.value);
    if (field.end === line.length) return fields;
    at = field.end + 1;
    if (at === line.length) return [...fields, ""];
  }
}

interface Field {
  readonly value: string;
  /** Where the comma after the field stands, or the end of the line. */
  readonly end: number;
}

function bareField(line: string, start: number): Field {
  const comma = line.indexOf(",", start);
  const end = comma < 0 ? line.length : comma;
  const value = line.slice(start, end);
  const quote = value.indexOf('"');
  if (quote >= 0) throw malformed(line, start + quote, 'bare " in non-quoted-field');
  return { value, end };
}

function quotedField(line: string, start: number): Field {
  let value = "";
  for (let at = start; ; ) {
    const quote = line.indexOf('"', at);
    if (quote < 0) throw malformed(line, at, 'extraneous or missing " in quoted-field');
    value += line.slice(at, quote);
    const next = line[quote + 1];
    if (next === undefined || next === ",") return { value, end: quote + 1 };
    if (next !== '"') throw malformed(line, quote, 'extraneous or missing " in quoted-field');
    value += '"';
    at = quote + 2;
  }
}

function malformed(line: string, at: number, reason: string) {
  const column = Buffer.byteLength(line.slice(0, at)) + 1;
  return invalid(`parse error on line 1, column ${column}: ${reason}`);
}
