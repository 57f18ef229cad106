import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CooperError, errnoOf, messageOf } from "../../kit/index.ts";
import { encode, type Init, sourcepolicy } from "../../wire/index.ts";

/**
 * The policy in the JSON file of `--source-policy-file`, or of `EXPERIMENTAL_BUILDKIT_SOURCE_POLICY`, marshalled; undefined
 * when there is none. Keys may be of any case, enums names or numbers, as upstream reads them. Throws `cli/bad-value`.
 */
export function readSourcePolicy(flag: string, env: NodeJS.ProcessEnv, cwd: string): Uint8Array | undefined {
  const path = flag || (env.EXPERIMENTAL_BUILDKIT_SOURCE_POLICY ?? "");
  if (path === "") return undefined;
  const text = readText(path, cwd);
  try {
    return encode(sourcepolicy.Policy, policyOf(object(JSON.parse(text), "policy")));
  } catch (cause) {
    throw new CooperError(
      "cli/bad-value",
      `failed to unmarshal source-policy-file ${JSON.stringify(path)}: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function readText(path: string, cwd: string): string {
  try {
    return readFileSync(resolve(cwd, path), "utf8");
  } catch (cause) {
    const reasons: Record<string, string> = { ENOENT: "no such file or directory", EISDIR: "is a directory" };
    const verb = errnoOf(cause) === "EISDIR" ? "read" : "open";
    throw new CooperError("cli/bad-value", `${verb} ${path}: ${reasons[errnoOf(cause) ?? ""] ?? messageOf(cause)}`);
  }
}

type Json = Readonly<Record<string, unknown>>;

function policyOf(json: Json): Init<sourcepolicy.Policy> {
  const version = json.version ?? 0;
  if (!Number.isInteger(version)) throw wrong("version", "a number");
  return { version: BigInt(version as number), rules: list(json, "rules").map(ruleOf) };
}

function ruleOf(json: Json): Init<sourcepolicy.Rule> {
  const { selector, updates } = json;
  return {
    action: number(json, "action", sourcepolicy.PolicyAction),
    ...(selector != null && { selector: selectorOf(object(selector, "selector")) }),
    ...(updates != null && { updates: updateOf(object(updates, "updates")) }),
  };
}

function selectorOf(json: Json): Init<sourcepolicy.Selector> {
  const constraints = list(json, "constraints").map((one) => ({
    key: text(one, "key"),
    value: text(one, "value"),
    condition: number(one, "condition", sourcepolicy.AttrMatch),
  }));
  return {
    identifier: text(json, "identifier"),
    matchType: number(json, "match_type", sourcepolicy.MatchType),
    constraints,
  };
}

function updateOf(json: Json): Init<sourcepolicy.Update> {
  const attrs = object(json.attrs ?? {}, "attrs", false);
  return {
    identifier: text(json, "identifier"),
    attrs: new Map(Object.keys(attrs).map((key) => [key, text(attrs, key)] as const)),
  };
}

/** Go finds keys whatever their case is; those of a map of the user's stay as they are. */
function object(value: unknown, key: string, folded = true): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(key, "an object");
  if (!folded) return value as Json;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name.toLowerCase(), item]));
}

function list(json: Json, key: string): readonly Json[] {
  const value = json[key] ?? [];
  if (!Array.isArray(value)) throw wrong(key, "a list");
  return value.map((item) => object(item, key));
}

function text(json: Json, key: string): string {
  const value = json[key] ?? "";
  if (typeof value !== "string") throw wrong(key, "a string");
  return value;
}

function number(json: Json, key: string, names: Readonly<Record<string, number>>): number {
  const value = json[key] ?? 0;
  const found = typeof value === "string" ? names[value] : value;
  if (typeof found !== "number" || !Object.values(names).includes(found)) {
    throw wrong(key, `one of ${Object.keys(names).join(", ")}`);
  }
  return found;
}

function wrong(key: string, wanted: string): Error {
  return new Error(`${key} is not ${wanted}`);
}
