import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { CooperError, errnoOf, lazy, messageOf, type Scope } from "../../kit/index.ts";
import type { RegistryCredentials } from "../contract.ts";
import { type DockerConfig, findAuth, parseDockerConfig, registryKey } from "./docker-config.ts";

/** Finds a registry's credentials; `places` says where it looked, for the error of who was refused. */
export interface CredentialLookup {
  find(host: string, scope: Scope): Promise<RegistryCredentials>;
  places(): readonly string[];
}

/** Tokens of some cloud registries live five minutes; what a helper said is asked again before that. */
const keepMilliseconds = 290_000;

interface Place {
  readonly name: string;
  readonly read: () => Promise<string | undefined>;
}

/**
 * Looks where docker and podman users have their logins, first match first: `$DOCKER_AUTH_CONFIG` (JSON), `$REGISTRY_AUTH_FILE`,
 * then `config.json` or a mounted Kubernetes secret's `.dockerconfigjson` in `$DOCKER_CONFIG` or `~/.docker`.
 * Nothing is read before the first question. A place that cannot be understood is skipped with a warning, as upstream does.
 */
export function credentialLookup(env: NodeJS.ProcessEnv, warn: (sentence: string) => void): CredentialLookup {
  const places = placesOf(env);
  const configs = lazy(async () => {
    const read = await Promise.all(places.map((place) => readPlace(place, warn)));
    return read.filter((config) => config !== undefined);
  });
  const known = new Map<string, { readonly until: number; readonly answer: Promise<RegistryCredentials> }>();
  return {
    places: () => places.map((place) => place.name),
    find(host, scope) {
      const fresh = known.get(host);
      if (fresh !== undefined && fresh.until > Date.now()) return fresh.answer;
      const answer = configs().then((all) => firstOf(all, host, env, scope));
      known.set(host, { until: Date.now() + keepMilliseconds, answer });
      answer.catch(() => known.delete(host));
      return answer;
    },
  };
}

async function firstOf(
  configs: readonly DockerConfig[],
  host: string,
  env: NodeJS.ProcessEnv,
  scope: Scope,
): Promise<RegistryCredentials> {
  const key = registryKey(host);
  for (const config of configs) {
    const helper = config.helpers.get(key) ?? config.helpers.get(host) ?? config.store;
    const helped = helper === "" ? undefined : await (await import("./helper.ts")).askHelper(helper, key, env, scope);
    const found = helped === undefined || helped.kind === "none" ? findAuth(config, host) : helped;
    if (found !== undefined && found.kind !== "none") return found;
  }
  return { kind: "none" };
}

function placesOf(env: NodeJS.ProcessEnv): Place[] {
  const places: Place[] = [];
  const inline = env.DOCKER_AUTH_CONFIG;
  if (inline) places.push({ name: "$DOCKER_AUTH_CONFIG", read: async () => inline });
  if (env.REGISTRY_AUTH_FILE) places.push(filePlace(env.REGISTRY_AUTH_FILE));
  const folder = env.DOCKER_CONFIG || join(env.HOME || homedir(), ".docker");
  places.push(filePlace(join(folder, "config.json")), filePlace(join(folder, ".dockerconfigjson")));
  return places;
}

function filePlace(path: string): Place {
  return {
    name: path,
    read: async () => {
      try {
        return await readFile(path, "utf8");
      } catch (error) {
        if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
        throw new CooperError("session/bad-config", messageOf(error), { cause: error });
      }
    },
  };
}

async function readPlace(place: Place, warn: (sentence: string) => void): Promise<DockerConfig | undefined> {
  try {
    const text = await place.read();
    return text === undefined || text.trim() === "" ? undefined : parseDockerConfig(text);
  } catch (error) {
    warn(`Error parsing config file (${place.name}): ${messageOf(error)}`);
    return undefined;
  }
}
