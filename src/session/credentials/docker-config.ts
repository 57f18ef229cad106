import { CooperError } from "../../kit/index.ts";
import type { RegistryCredentials } from "../contract.ts";

/** What Cooper uses of a docker `config.json`, checked. */
export interface DockerConfig {
  /** By registry key, as in the file: a host, or an old URL such as `https://index.docker.io/v1/`. */
  readonly auths: ReadonlyMap<string, RegistryCredentials>;
  /** Names of `docker-credential-NAME` programs by registry host. */
  readonly helpers: ReadonlyMap<string, string>;
  /** The helper for all other hosts; empty: none. */
  readonly store: string;
}

/** Docker Hub's key in a `config.json`; its hosts are all looked up under this. */
const dockerHubKey = "https://index.docker.io/v1/";
const dockerHubHosts = new Set(["docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"]);

/** The key under which a host's credentials stand. */
export function registryKey(host: string): string {
  return dockerHubHosts.has(host) ? dockerHubKey : host;
}

/**
 * Reads the text of a `config.json`, of a Kubernetes `.dockerconfigjson`, or of the older `.dockercfg` (only the auths).
 * Throws `session/bad-config` with what is wrong; never shows a value.
 */
export function parseDockerConfig(text: string): DockerConfig {
  const root = asRecord(parseJson(text), "the file");
  const old = !("auths" in root) && !("credsStore" in root) && !("credHelpers" in root) && looksLikeAuths(root);
  const auths = new Map<string, RegistryCredentials>();
  for (const [key, value] of Object.entries(asRecord(old ? root : (root.auths ?? {}), '"auths"'))) {
    auths.set(key, credentialsOf(asRecord(value, `the entry of ${JSON.stringify(key)}`), key));
  }
  const helpers = Object.entries(asRecord(root.credHelpers ?? {}, '"credHelpers"'));
  return {
    auths,
    helpers: new Map(
      helpers.flatMap(([host, name]) => (typeof name === "string" && name !== "" ? [[host, name]] : [])),
    ),
    store: typeof root.credsStore === "string" ? root.credsStore : "",
  };
}

/** The credentials that the auths have for a host: under its key, else under any URL of the same host. */
export function findAuth(config: DockerConfig, host: string): RegistryCredentials | undefined {
  const key = registryKey(host);
  const exact = config.auths.get(key);
  if (exact !== undefined) return exact;
  for (const [entry, credentials] of config.auths)
    if (hostOf(entry) === host || registryKey(hostOf(entry)) === key) return credentials;
  return undefined;
}

/** `https://host:1/v2/` → `host:1`. */
function hostOf(key: string): string {
  return key.replace(/^[a-z]+:\/\//, "").replace(/\/.*$/, "");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // JSON.parse quotes the text around the mistake, which may be a password.
    throw new CooperError("session/bad-config", "it is no valid JSON", { cause: undefined, details: typeof cause });
  }
}

function asRecord(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CooperError("session/bad-config", `${what} is not an object`);
  }
  return value as Record<string, unknown>;
}

function looksLikeAuths(root: Record<string, unknown>): boolean {
  const values = Object.values(root);
  return values.length > 0 && values.every((value) => typeof value === "object" && value !== null && "auth" in value);
}

function credentialsOf(entry: Record<string, unknown>, key: string): RegistryCredentials {
  const text = (name: string) => (typeof entry[name] === "string" ? entry[name] : "");
  if (text("registrytoken") !== "") return { kind: "bearer", token: text("registrytoken") };
  if (text("identitytoken") !== "") return { kind: "identityToken", token: text("identitytoken") };
  const [username, password] =
    text("auth") === "" ? [text("username"), text("password")] : decodeAuth(text("auth"), key);
  return username === "" && password === "" ? { kind: "none" } : { kind: "basic", username, password };
}

function decodeAuth(auth: string, key: string): readonly [string, string] {
  const decoded = Buffer.from(auth, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  if (colon <= 0) {
    throw new CooperError("session/bad-config", `the auth of ${JSON.stringify(key)} is not base64 of USER:PASSWORD`);
  }
  // Some tools pad the password with NUL bytes.
  return [decoded.slice(0, colon), decoded.slice(colon + 1).replace(/^\0+|\0+$/g, "")];
}
