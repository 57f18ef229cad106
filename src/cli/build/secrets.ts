import type { SecretSource } from "../../client/index.ts";
import { CooperError } from "../../kit/index.ts";
import { csvFields } from "./csv.ts";

/** Reads `--secret id=ID[,src=FILE|env=NAME][,type=file|env]`. Whether the sources exist is the session's to say. */
export function parseSecrets(words: readonly string[]): SecretSource[] {
  return words.map(parseSecret);
}

function parseSecret(word: string): SecretSource {
  let id = "";
  let file = "";
  let env = "";
  let type = "";
  for (const field of fieldsOf(word)) {
    const equals = field.indexOf("=");
    if (equals < 0) throw bad(`invalid field '${field}' must be a key=value pair`);
    const key = field.slice(0, equals).toLowerCase();
    const value = field.slice(equals + 1);
    if (key === "type" && value !== "file" && value !== "env") {
      throw bad(`unsupported secret type ${JSON.stringify(value)}`);
    }
    if (key === "type") type = value;
    else if (key === "id") id = value;
    else if (key === "source" || key === "src") file = value;
    else if (key === "env") env = value;
    else throw bad(`unexpected key '${key}' in '${field}'`);
  }
  if (type === "env" && env === "") return { id, env: file };
  return { id, ...(env === "" ? {} : { env }), ...(file === "" ? {} : { file }) };
}

function fieldsOf(word: string): string[] {
  try {
    return csvFields(word);
  } catch (cause) {
    throw bad(`failed to parse csv secret: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
}

function bad(reason: string, cause?: unknown): CooperError {
  return new CooperError("cli/bad-value", reason, { cause });
}
