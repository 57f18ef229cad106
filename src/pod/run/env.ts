import { CooperError } from "../../kit/index.ts";
import type { EnvSource, ImageDefaults, ObjectName, PodContainer, PodSurroundings } from "../contract.ts";
import { expandVariables } from "./expand.ts";
import { fieldValue, resourceValue } from "./fields.ts";

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * All variables of a container: its image's, then those of envFrom and env in order, then what the surroundings add. Throws `pod/no-object`,
 * `pod/no-key`, `pod/bad-field`.
 */
export function environmentOf(
  container: PodContainer,
  image: ImageDefaults,
  around: PodSurroundings,
): Map<string, string> {
  const stated = statedEnv(container, around);
  const all = new Map<string, string>([["PATH", defaultPath]]);
  for (const entry of image.env) {
    const [name = "", value = ""] = entry.split(/=(.*)/s);
    all.set(name, value);
  }
  all.set("HOSTNAME", around.name);
  for (const [name, value] of stated) all.set(name, value);
  for (const [name, value] of around.extraEnv(container)) all.set(name, value);
  return all;
}

/** What the container itself states; `$(NAME)` in arguments and paths refers to these. */
export function statedEnv(container: PodContainer, around: PodSurroundings): ReadonlyMap<string, string> {
  const stated = new Map<string, string>();
  for (const source of container.env) {
    for (const [name, value] of valuesOf(source, container, stated, around)) stated.set(name, value);
  }
  return stated;
}

function valuesOf(
  source: EnvSource,
  container: PodContainer,
  before: ReadonlyMap<string, string>,
  around: PodSurroundings,
): readonly (readonly [string, string])[] {
  switch (source.kind) {
    case "value":
      return [[source.name, expandVariables(source.value, before)]];
    case "field":
      return [[source.name, fieldValue(source.path, around)]];
    case "resource":
      return [[source.name, resourceValue(source.resource, source.divisor, container)]];
    case "all": {
      const values = [...objectData(source.of, around)];
      // Kubernetes leaves out keys that are no names.
      const named = values.filter(([key]) => /^[^\s=]+$/.test(key));
      return named.map(([key, value]) => [`${source.prefix}${key}`, value.toString("utf8")] as const);
    }
    case "key": {
      const value = objectData(source.of, around).get(source.key);
      if (value !== undefined) return [[source.name, value.toString("utf8")]];
      if (source.of.optional) return [];
      const { type, name } = source.of;
      const sentence = `cannot set ${source.name}: ${wordOf(type)} ${JSON.stringify(name)} has no key ${JSON.stringify(source.key)}`;
      throw new CooperError("pod/no-key", sentence, { hint: objectHint(type, name) });
    }
  }
}

/** The data of a config map or secret; nothing for an optional one that is not there. Throws `pod/no-object`. */
export function objectData(of: ObjectName, around: PodSurroundings): ReadonlyMap<string, Buffer> {
  const data = around.objectData(of);
  if (data !== undefined) return data;
  if (of.optional) return new Map();
  throw new CooperError("pod/no-object", `cannot find ${wordOf(of.type)} ${JSON.stringify(of.name)} on this machine`, {
    hint: objectHint(of.type, of.name),
  });
}

function wordOf(type: ObjectName["type"]): string {
  return type === "secret" ? "secret" : "config map";
}

function objectHint(type: ObjectName["type"], name: string): string {
  const flag = type === "secret" ? "--secret" : "--config-map";
  return `give it as a folder with a file for each key, or as a file of NAME=VALUE lines: ${flag} ${name}=PATH`;
}
