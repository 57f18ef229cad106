import { podSchemaTable } from "./schema-table.ts";

/** What a field holds. */
export type FieldType =
  | { readonly kind: "scalar"; readonly name: string }
  | { readonly kind: "object"; readonly name: string }
  | { readonly kind: "list"; readonly of: FieldType }
  | { readonly kind: "map"; readonly of: FieldType };

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** The API tells absent from zero. */
  readonly optional: boolean;
  /** Printed even when it is zero. */
  readonly always: boolean;
  /** A strategic merge patch merges this list by that key of its entries. */
  readonly mergeKey: string | undefined;
}

const scalars = new Set(["string", "int", "bool", "quantity", "intOrString", "time", "duration", "any"]);

/** The types of the Kubernetes API by name, each with its fields in the API's order. */
export type PodApi = ReadonlyMap<string, readonly Field[]>;

/** Reads the table, and `more` types in its notation; some tenths of a millisecond, so once per command. */
export function readPodApi(more = ""): PodApi {
  return readTable(`${podSchemaTable.trim()}\n${more.trim()}`);
}

function readTable(table: string): PodApi {
  const lines = table.replaceAll("\n  ", " ").trim().split("\n");
  return new Map(
    lines.map((line) => {
      const [name = "", ...fields] = line.split(" ");
      return [name, fields.map(readField)];
    }),
  );
}

function readField(text: string): Field {
  const [name = "", rest = ""] = text.split(":");
  const [kind = "", mergeKey] = rest.split("~");
  return {
    name,
    type: readType(kind.replace(/^\*/, "").replace(/!$/, "")),
    optional: kind.startsWith("*"),
    always: kind.endsWith("!"),
    mergeKey,
  };
}

function readType(text: string): FieldType {
  if (text.startsWith("[")) return { kind: "list", of: readType(text.slice(1)) };
  if (text.startsWith("{")) return { kind: "map", of: readType(text.slice(1)) };
  return { kind: scalars.has(text) ? "scalar" : "object", name: text };
}
