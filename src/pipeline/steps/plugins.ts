import type { Plugin } from "../contract.ts";
import { describe, type MapEntry, textOf, type Value } from "../yaml/value.ts";
import type { Fields } from "./fields.ts";

/** `plugins`: a list of names and of one-key maps, or the old map. */
export function readPlugins(fields: Fields): readonly Plugin[] {
  const value = fields.value("plugins");
  if (value === undefined) return [];
  if (value.kind === "map") return value.entries.map(fromEntry);
  if (value.kind === "scalar") {
    fields.wrong(value.place, `"plugins" is ${describe(value)}, wanted a list`, "write a list: - kubernetes: …");
    return [];
  }
  return value.items.flatMap((item) => {
    if (item.kind === "map") return item.entries.map(fromEntry);
    const name = textOf(item);
    if (name !== undefined) return [plugin(name, { kind: "scalar", value: null, place: item.place }, item)];
    fields.wrong(item.place, `a plugin is ${describe(item)}, wanted a name or a map of one key`, "write NAME: {…}");
    return [];
  });
}

function fromEntry({ key, keyPlace, value }: MapEntry): Plugin {
  return plugin(key, value, { place: keyPlace });
}

function plugin(name: string, config: Value, at: Pick<Plugin, "place">): Plugin {
  return { name, source: pluginSource(name), config, place: at.place };
}

/**
 * The plugin's full name: `kubernetes` is `github.com/buildkite-plugins/kubernetes-buildkite-plugin`, `org/name#v1` is
 * `github.com/org/name-buildkite-plugin#v1`; paths, addresses and longer names stay.
 */
export function pluginSource(name: string): string {
  if (name === "" || /^[/.\\]/.test(name) || /^[a-z][a-z0-9+.-]*:/i.test(name)) return name;
  const [path = "", fragment = ""] = name.split(/#(.*)/s);
  const parts = path.split("/");
  const version = fragment === "" ? "" : `#${fragment}`;
  if (parts.length === 1) return `github.com/buildkite-plugins/${parts[0]}-buildkite-plugin${version}`;
  if (parts.length === 2) return `github.com/${parts[0]}/${parts[1]}-buildkite-plugin${version}`;
  return name;
}

const kubernetesSource = "github.com/buildkite-plugins/kubernetes-buildkite-plugin";

/** Whether it is the plugin by which agent-stack-k8s takes a pod. With a version the controller does not know it. */
export function isKubernetesPlugin({ source }: Plugin): boolean {
  return source === kubernetesSource;
}

/** Meant to be that plugin, but with a version, which makes it another one. */
export function isVersionedKubernetesPlugin({ source }: Plugin): boolean {
  return source.startsWith(`${kubernetesSource}#`);
}
