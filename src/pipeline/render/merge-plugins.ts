import type { Plugin } from "../contract.ts";
import { isObject, type Json } from "../kube/json.ts";
import { isKubernetesPlugin } from "../steps/plugins.ts";
import { toPlain } from "../yaml/value.ts";

/** What a step gives to the `kubernetes` plugin, as JSON; undefined without it. */
export function kubernetesConfig(plugins: readonly Plugin[]): Json | undefined {
  // A YAML value without tags is JSON.
  return mergePlugins(plugins.filter(isKubernetesPlugin).map(({ config }) => toPlain(config) as Json));
}

/**
 * A step that names the `kubernetes` plugin twice: the controller reads the later one over the earlier, as Go's encoding/json fills a value that is
 * there already. Fields of the later win, others stay, lists element by element; a null takes away. Undefined without a plugin.
 */
export function mergePlugins(configs: readonly Json[]): Json | undefined {
  const [first, ...later] = configs;
  return first === undefined ? undefined : later.reduce(readOver, first);
}

function readOver(before: Json, after: Json): Json {
  if (Array.isArray(before) && Array.isArray(after)) {
    return after.map((value: Json, at) => readOver(before[at] ?? null, value));
  }
  if (!isObject(before) || !isObject(after)) return after;
  const changed = Object.entries(after).map(([key, value]) => [key, readOver(before[key] ?? null, value ?? null)]);
  return { ...before, ...Object.fromEntries(changed) };
}
