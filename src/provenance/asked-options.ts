import { CooperError } from "../kit/index.ts";
import type { PredicateOptions } from "./contract.ts";

/** What `attest:provenance=…` asks for. */
export interface AskedProvenance extends PredicateOptions {
  readonly filename: string;
  readonly inlineOnly: boolean;
}

/**
 * Reads the attributes of `attest:provenance`; `disabled` and keys that are not known have no meaning here, as upstream. Throws
 * `provenance/bad-option` with upstream's sentences.
 */
export function askedProvenance(attrs: ReadonlyMap<string, string>): AskedProvenance {
  return {
    version: versionOf(attrs.get("version")),
    mode: modeOf(attrs.get("mode")),
    builderId: attrs.get("builder-id") ?? "",
    reproducible: flag(attrs, "reproducible", "reproducible flag"),
    completeMaterials: flag(attrs, "complete-materials", "complete-materials flag"),
    filename: attrs.get("filename") ?? "provenance.json",
    inlineOnly: goBoolean(attrs.get("inline-only") ?? "") ?? false,
  };
}

function versionOf(text = "v1"): PredicateOptions["version"] {
  if (text === "v1" || text === "v0.2") return text;
  if (text === "") throw bad("provenance SLSA version cannot be empty");
  throw bad(`invalid provenance SLSA version: ${text}`);
}

function modeOf(text = "max"): PredicateOptions["mode"] {
  if (text === "min" || text === "max") return text;
  if (text === "full") return "max";
  throw bad(`invalid mode ${JSON.stringify(text)}`);
}

function flag(attrs: ReadonlyMap<string, string>, key: string, what: string): boolean {
  const text = attrs.get(key);
  if (text === undefined) return false;
  const value = goBoolean(text);
  if (value !== undefined) return value;
  const quoted = JSON.stringify(text);
  throw bad(`failed to parse ${what} ${quoted}: strconv.ParseBool: parsing ${quoted}: invalid syntax`);
}

/** Go's `ParseBool`. */
function goBoolean(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
  return undefined;
}

function bad(sentence: string): CooperError {
  return new CooperError("provenance/bad-option", sentence);
}
