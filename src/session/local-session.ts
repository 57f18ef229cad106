import { CooperError, userAgent } from "../kit/index.ts";
import type { HostOptions } from "../registry/index.ts";
import { blobFolder } from "./blob-folder.ts";
import type { Session } from "./contract.ts";
import { credentialLookup } from "./credentials/lookup.ts";
import { type OutputSpec, type OutputStream, openOutputs } from "./outputs.ts";
import { openSecrets, type SecretSource } from "./secrets.ts";
import { openSshAgents, type SshSource } from "./ssh/agents.ts";

/** What the caller of a build in this process offers. Paths are absolute. */
export interface LocalSessionOptions {
  readonly id: string;
  /** Directories by name: `context`, `dockerfile`, … */
  readonly locals: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretSource[];
  readonly ssh: readonly SshSource[];
  /** One for each exporter of the request, in order. */
  readonly outputs: readonly OutputSpec[];
  /** Folders of OCI layouts by store id. */
  readonly ociLayouts: Readonly<Record<string, string>>;
  /** Folders of caches that the build reads and writes, by the name that the request has for them. */
  readonly cacheFolders?: Readonly<Record<string, string>>;
  /** TLS settings for token servers, by the registry's host. */
  readonly registryTls?: Readonly<Record<string, HostOptions>>;
  /** `DOCKER_CONFIG`, `SSH_AUTH_SOCK`, secrets from the environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: () => OutputStream;
  /** Told what was skipped, such as a login file that cannot be read. */
  readonly warn: (sentence: string) => void;
}

/** A session in this process. Dispose it: forwarded ssh agents listen on sockets of their own. */
export interface LocalSession extends Session, AsyncDisposable {
  /** Where logins are looked for, first match first; for whoever has to tell that there is none. */
  loginPlaces(): readonly string[];
}

/**
 * Opens what the caller offers, and checks secrets and ssh sources (`session/bad-secret`, `session/bad-ssh`). Directories
 * and logins are looked at only when the build asks for them.
 */
export async function createLocalSession(options: LocalSessionOptions): Promise<LocalSession> {
  const secrets = await openSecrets(options.secrets, options.env);
  const agents = await openSshAgents(options.ssh, options.env);
  const credentials = credentialLookup(options.env, options.warn);
  const outputs = openOutputs(options.outputs, options.stdout);
  const layouts = new Map(Object.entries(options.ociLayouts));
  const locals = new Map(Object.entries(options.locals));
  const caches = new Map(Object.entries(options.cacheFolders ?? {}).map(([name, path]) => [`local:${name}`, path]));
  return {
    id: options.id,
    async localDirectory(name) {
      const path = locals.get(name);
      if (path !== undefined) return { name, path };
      const sentence = locals.size === 0 ? "no local sources enabled" : `no access allowed to dir "${name}"`;
      throw new CooperError("session/no-local", sentence, { hint: `offer it with --local ${name}=DIRECTORY` });
    },
    registryCredentials: (host, scope) => credentials.find(host, scope),
    loginPlaces: () => credentials.places(),
    async tokenFor(host, wish, scope) {
      const { requestToken } = await import("../registry/index.ts");
      const around = { userAgent, proxy: options.env, tls: options.registryTls?.[host] };
      return requestToken({ host, ...wish }, await credentials.find(host, scope), around, scope);
    },
    secret: (id) => secrets(id),
    sshAgent: (id) => agents.socket(id),
    output: (index) => outputs[index] ?? { kind: "none" },
    cacheTarget: (dest) => {
      const path = caches.get(`local:${dest}`);
      return path === undefined ? { kind: "none" } : { kind: "directory", path };
    },
    ociLayout: async (storeId) => {
      const path = layouts.get(storeId) ?? caches.get(storeId);
      return path === undefined ? undefined : blobFolder(path);
    },
    blobFolder(id) {
      if (id === "export") {
        const result = options.outputs.find((output) => output.kind === "directory" && output.layout === true);
        return result?.kind === "directory" ? { folder: blobFolder(result.path), writable: true } : undefined;
      }
      const cache = caches.get(id);
      if (cache !== undefined) return { folder: blobFolder(cache), writable: true };
      const path = id.startsWith("oci:") ? layouts.get(id.slice("oci:".length)) : undefined;
      return path === undefined ? undefined : { folder: blobFolder(path), writable: false };
    },
    [Symbol.asyncDispose]: () => agents[Symbol.asyncDispose](),
  };
}
