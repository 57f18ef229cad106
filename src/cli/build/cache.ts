import type { CacheEntry } from "../../client/index.ts";
import { CooperError } from "../../kit/index.ts";
import { parseGoBool } from "../args/values.ts";
import { typedAttributes } from "./attributes.ts";

/** Reads `--export-cache`; a bare reference is the old form of `type=registry`. */
export function parseCacheExports(words: readonly string[], env: NodeJS.ProcessEnv, warn: Warn): CacheEntry[] {
  return words.map((word) => {
    const entry = cacheEntry("--export-cache", word, env, warn);
    require(entry, "registry", "ref", "registry cache exporter requires ref");
    require(entry, "local", "dest", "local cache exporter requires dest");
    return { type: entry.type, attrs: { mode: "min", ...entry.attrs } };
  });
}

/** Reads `--import-cache`. */
export function parseCacheImports(words: readonly string[], env: NodeJS.ProcessEnv, warn: Warn): CacheEntry[] {
  return words.map((word) => {
    const entry = cacheEntry("--import-cache", word, env, warn);
    require(entry, "registry", "ref", "registry cache importer requires ref");
    require(entry, "local", "src", "local cache importer requires src");
    return entry;
  });
}

type Warn = (sentence: string) => void;

function cacheEntry(option: string, word: string, env: NodeJS.ProcessEnv, warn: Warn): CacheEntry {
  if (word.includes("type=")) {
    const entry = typedAttributes(option, word);
    return entry.type === "gha" ? withGithub(entry, env) : entry;
  }
  warn(
    `${option} <ref> is deprecated. Please use ${option} type=registry,ref=<ref>,<opt>=<optval>[,<opt>=<optval>] instead`,
  );
  return { type: "registry", attrs: { ref: word } };
}

function require(entry: CacheEntry, type: string, attribute: string, sentence: string): void {
  if (entry.type === type && !entry.attrs[attribute]) throw new CooperError("cli/bad-value", sentence);
}

/** A GitHub workflow says in its environment where its cache is. */
function withGithub(entry: CacheEntry, env: NodeJS.ProcessEnv): CacheEntry {
  const version = entry.attrs.version ?? (parseGoBool(env.ACTIONS_CACHE_SERVICE_V2 ?? "") === true ? "2" : "");
  const urlV2 = entry.attrs.url_v2 ?? (version === "2" ? env.ACTIONS_RESULTS_URL : undefined);
  const url = entry.attrs.url ?? env.ACTIONS_CACHE_URL ?? env.ACTIONS_RESULTS_URL;
  const token = entry.attrs.token ?? env.ACTIONS_RUNTIME_TOKEN;
  if (url === undefined && urlV2 === undefined) {
    throw new CooperError("cli/bad-value", "cache with type gha requires url parameter to be set");
  }
  if (token === undefined) {
    throw new CooperError("cli/bad-value", "cache with type gha requires token parameter or $ACTIONS_RUNTIME_TOKEN");
  }
  const urls = { ...(url === undefined ? {} : { url }), ...(urlV2 === undefined ? {} : { url_v2: urlV2 }) };
  return { type: entry.type, attrs: { ...entry.attrs, ...urls, token } };
}
