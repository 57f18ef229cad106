import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { CacheEntry } from "../../client/index.ts";
import { CooperError, reasonOf } from "../../kit/index.ts";
import { parseIndex } from "../../oci/index.ts";
import { parseGoBool } from "../args/values.ts";
import { typedAttributes } from "./attributes.ts";
import type { Surroundings } from "./surroundings.ts";

/** Reads `--export-cache`; a bare reference is the old form of `type=registry`. */
export function parseCacheExports(words: readonly string[], env: NodeJS.ProcessEnv, warn: Warn): CacheEntry[] {
  return words.map((word) => {
    const entry = cacheEntry("--export-cache", word, env, warn);
    require(entry, "registry", "ref", "registry cache exporter requires ref");
    require(entry, "local", "dest", "local cache exporter requires dest");
    return { type: entry.type, attrs: { mode: "min", ...entry.attrs } };
  });
}

/** Reads `--import-cache`. A folder without a cache is told and left out, as by upstream's client. */
export function parseCacheImports(
  words: readonly string[],
  { env, cwd }: Pick<Surroundings, "env" | "cwd">,
  warn: Warn,
): CacheEntry[] {
  return words.flatMap((word) => {
    const entry = cacheEntry("--import-cache", word, env, warn);
    require(entry, "registry", "ref", "registry cache importer requires ref");
    require(entry, "local", "src", "local cache importer requires src");
    return entry.type === "local" ? localImport(entry, cwd, warn) : [entry];
  });
}

/** The manifest that the folder's index has under the tag. */
function localImport(entry: CacheEntry, cwd: string, warn: Warn): CacheEntry[] {
  const { src = "", tag = "latest", digest } = entry.attrs;
  if (digest !== undefined) return [entry];
  try {
    const { manifests } = parseIndex(readFileSync(resolve(cwd, src, "index.json")));
    const named = manifests.find(({ annotations }) => annotations?.["org.opencontainers.image.ref.name"] === tag);
    if (named === undefined) throw new CooperError("cli/no-cache", `index.json has no tag ${tag}`);
    return [{ ...entry, attrs: { ...entry.attrs, digest: named.digest } }];
  } catch (error) {
    warn(`local cache import at ${src} not found due to err: ${reasonOf(error)}`);
    return [];
  }
}

/** Folders that caches are read from and written to, by the name that their entries have for them. */
export function cacheFolders(entries: readonly CacheEntry[], cwd: string): Record<string, string> {
  const names = entries.filter(({ type }) => type === "local").map(({ attrs }) => attrs.dest ?? attrs.src ?? "");
  return Object.fromEntries(names.map((name) => [name, resolve(cwd, name)]));
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
