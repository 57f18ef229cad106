import type { HostOptions } from "./contract.ts";

/** How TLS to one host is set up. Paths are read when the first connection is made. */
export interface TlsOptions {
  readonly insecure: boolean;
  readonly ca: readonly string[];
  readonly keyPairs: readonly { readonly key: string; readonly cert: string }[];
}

/** One server that may answer for a registry host: a mirror, or the registry itself. */
export interface Endpoint {
  readonly scheme: "http" | "https";
  /** Host to dial, with its port if any. */
  readonly host: string;
  /** Path before the repository: `/v2`, or `/v2/sub/path` of a mirror. */
  readonly prefix: string;
  /** The registry host that a mirror stands in for; sent as `ns` so that one mirror can serve several. */
  readonly standsFor: string | undefined;
  /** The host whose credentials are asked for. */
  readonly credentialsHost: string;
  /** After a failed TLS handshake, try plain HTTP on the same host. */
  readonly httpFallback: boolean;
  readonly tls: TlsOptions;
}

export type HostTable = Readonly<Record<string, HostOptions>>;

/** True for `localhost` and loopback addresses, with or without port: these speak plain HTTP unless told otherwise. */
export function isLoopback(host: string): boolean {
  const bare = host.startsWith("[") ? host.slice(1, host.indexOf("]")) : (host.split(":")[0] ?? host);
  return bare === "localhost" || bare === "::1" || /^127(?:\.\d{1,3}){3}$/.test(bare);
}

/** Where to look for content of `host`: its mirrors in order, then the host itself. `override` wins over the table. */
export function pullEndpoints(host: string, hosts: HostTable, override?: HostOptions): Endpoint[] {
  const options = { ...own(hosts, host), ...override };
  const mirrors = (options.mirrors ?? []).map((mirror) => mirrorEndpoint(mirror, host, hosts));
  return [...mirrors, pushEndpoint(host, hosts, override)];
}

/** Where content is pushed to: the host itself, never a mirror. */
export function pushEndpoint(host: string, hosts: HostTable, override?: HostOptions): Endpoint {
  const dial = host === "docker.io" || host === "index.docker.io" ? "registry-1.docker.io" : host;
  const options = { ...own(hosts, host), ...override };
  return { ...reach(dial, options), host: dial, prefix: "/v2", standsFor: undefined, credentialsHost: host };
}

function mirrorEndpoint(mirror: string, host: string, hosts: HostTable): Endpoint {
  const [, scheme, rest = ""] = /^(?:(https?):\/\/)?(.*)$/.exec(mirror) ?? [];
  const slash = rest.indexOf("/");
  const dial = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? "" : rest.slice(slash).replace(/\/+$/, "");
  const options = { ...(scheme === "http" ? { http: true } : {}), ...own(hosts, dial) };
  const standsFor = dial === host ? undefined : host;
  return { ...reach(dial, options), host: dial, prefix: `/v2${path}`, standsFor, credentialsHost: dial };
}

/**
 * Scheme and trust as BuildKit has them: `http` (or loopback) is plain HTTP; `insecure` is TLS with any certificate, and
 * plain HTTP when the host turns out not to speak TLS, unless `http` is false.
 */
function reach(host: string, options: HostOptions): Pick<Endpoint, "scheme" | "httpFallback" | "tls"> {
  const insecure = options.insecure === true;
  const plain = options.http ?? isLoopback(host);
  const tls = { insecure, ca: options.ca ?? [], keyPairs: options.keyPairs ?? [] };
  if (insecure) return { scheme: "https", httpFallback: options.http !== false, tls };
  return { scheme: plain ? "http" : "https", httpFallback: false, tls };
}

function own(hosts: HostTable, host: string): HostOptions {
  return Object.hasOwn(hosts, host) ? (hosts[host] ?? {}) : {};
}
