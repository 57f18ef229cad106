import { readFile } from "node:fs/promises";
import { CooperError, errnoOf, messageOf, suggest } from "../../kit/index.ts";
import { type Schema, tomlSchema } from "./schema.ts";

/** A parsed configuration file, not yet checked; keys that nobody knows have been reported. */
export type Config = Readonly<Record<string, unknown>>;

/**
 * Reads a `buildkitd.toml`; a file that does not exist is an empty one. Unknown keys are reported and ignored, as upstream
 * ignores them. Throws `cli/bad-config`.
 */
export async function loadConfig(path: string, warn: (sentence: string) => void): Promise<Config> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    if (errnoOf(cause) === "ENOENT") return undefined;
    throw new CooperError("cli/bad-config", `failed to load config from ${path}: ${messageOf(cause)}`, { cause });
  });
  if (text === undefined) return {};
  const { parse } = await import("smol-toml");
  try {
    const config = parse(text);
    reportUnknown(config, tomlSchema, "", (key, near) =>
      warn(`${path}: unknown key ${key} is ignored${near === undefined ? "" : ` (did you mean ${near}?)`}`),
    );
    return config;
  } catch (cause) {
    throw new CooperError("cli/bad-config", `failed to parse config: ${path}: ${messageOf(cause).trim()}`, { cause });
  }
}

function reportUnknown(
  value: unknown,
  schema: Schema,
  path: string,
  report: (key: string, near: string | undefined) => void,
): void {
  if (schema === "value" || typeof value !== "object" || value === null) return;
  if ("list" in schema && Array.isArray(value)) {
    for (const item of value) reportUnknown(item, schema.list as Schema, path, report);
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    const place = path === "" ? key : `${path}.${key}`;
    const known = "named" in schema ? schema.named : (schema as Record<string, Schema>)[key];
    if (known !== undefined) reportUnknown(inner, known as Schema, place, report);
    else report(place, suggest(key, Object.keys(schema), 3));
  }
}

/** Typed reading of single keys. A value of another type throws `cli/bad-config` with the key. */
export const read = {
  table(config: Config, ...path: readonly string[]): Config {
    let table: Config = config;
    for (const [at, key] of path.entries()) {
      const value = table[key] ?? {};
      if (typeof value !== "object" || value === null || Array.isArray(value))
        throw wrong(path.slice(0, at + 1), "a table");
      table = value as Config;
    }
    return table;
  },
  string(table: Config, key: string): string | undefined {
    const value = table[key];
    if (value === undefined || typeof value === "string") return value;
    throw wrong([key], "a string");
  },
  number(table: Config, key: string): number | undefined {
    const value = table[key];
    if (value === undefined || typeof value === "number") return value;
    throw wrong([key], "a number");
  },
  boolean(table: Config, key: string): boolean | undefined {
    const value = table[key];
    if (value === undefined || typeof value === "boolean") return value;
    throw wrong([key], "true or false");
  },
  strings(table: Config, key: string): readonly string[] | undefined {
    const value = table[key];
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    throw wrong([key], "a list of strings");
  },
  tables(table: Config, key: string): readonly Config[] {
    const value = table[key] ?? [];
    if (Array.isArray(value) && value.every((item) => typeof item === "object" && item !== null)) return value;
    throw wrong([key], "a list of tables");
  },
};

function wrong(path: readonly string[], wanted: string): CooperError {
  return new CooperError("cli/bad-config", `failed to parse config: ${path.join(".")} is not ${wanted}`);
}
