import { stringify } from "yaml";
import type { Json } from "../kube/json.ts";
import { Problems, throwIfInvalid } from "../problems.ts";
import { readYaml } from "./read-yaml.ts";
import { toPlain } from "./value.ts";

/** The first document of a YAML text as JSON; null for none. Throws `pipeline/invalid` with the place of what cannot be read. */
export function parsePlainYaml(text: string, file: string): Json {
  const problems = new Problems(file);
  const [value] = readYaml(text, problems);
  throwIfInvalid(problems.all);
  // A YAML value without tags is JSON.
  return value === undefined ? null : (toPlain(value) as Json);
}

/** Documents as a YAML stream; the same text for the same documents. */
export function toYaml(documents: readonly Json[]): string {
  return documents.map((document) => stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })).join("---\n");
}
