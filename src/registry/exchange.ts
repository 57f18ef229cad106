import { type Bytes, CooperError, errnoOf, isCooperError, type Scope } from "../kit/index.ts";
import { Agents, type ProxyEnvironment } from "./agents.ts";
import { Authorizer, type Proof } from "./authorizer.ts";
import type { Credentials, CredentialsSource, HostOptions } from "./contract.ts";
import type { Endpoint, TlsOptions } from "./endpoint.ts";
import { failureOf } from "./failure.ts";
import { type HttpRequest, type HttpResponse, send } from "./http.ts";
import { redact } from "./redact.ts";
import type { TokenRequest } from "./request-token.ts";
import { isNotTls, isUnknownIssuer } from "./tls.ts";
import { fetchToken, type Token, type TokenPost } from "./token.ts";

/** One request to a registry, before authorization, redirects and fallbacks. */
export interface Ask {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly endpoint: Endpoint;
  /** A path below the endpoint (`library/busybox/blobs/sha256:…`, may hold a query), or a whole address that it gave us. */
  readonly path: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly size: number; readonly open: () => Bytes };
  readonly scopes: readonly string[];
  readonly credentials: CredentialsSource;
}

const redirectLimit = 10;
const authorizationLimit = 3;
/** A download that stands still this long is broken; an upload's last answer may take a registry minutes of hashing. */
const stallLimits = { read: 60_000, write: 600_000 };

/** Speaks HTTP with registries: connections, authorization, redirects, plain HTTP fallback. Retries nothing by itself. */
export class Exchange implements Disposable {
  readonly #userAgent: string;
  readonly #proxy: ProxyEnvironment | undefined;
  readonly #agents = new Map<string, Agents>();
  readonly #authorizer: Authorizer;
  readonly #post: TokenPost;
  /** Hosts that turned out not to speak TLS although it was tried first. */
  readonly #plain = new Set<string>();
  constructor(userAgent: string, proxy: ProxyEnvironment | undefined) {
    this.#userAgent = userAgent;
    this.#proxy = proxy;
    this.#post = (method, url, headers, form, scope) => {
      const body = form === undefined ? {} : { body: bufferBody(Buffer.from(form)) };
      const request = { method, url, headers: { ...headers, "user-agent": userAgent }, stallLimit: stallLimits.read };
      return this.#redirected({ ...request, ...body }, this.#tlsOf(url), scope);
    };
    this.#authorizer = new Authorizer(this.#post);
  }

  /** A token for somebody else. Throws as `fetchToken`. */
  async token(
    request: TokenRequest,
    credentials: Credentials,
    tls: HostOptions | undefined,
    scope: Scope,
  ): Promise<Token> {
    const realm = URL.canParse(request.realm) ? new URL(request.realm) : undefined;
    if (realm === undefined || !["http:", "https:"].includes(realm.protocol)) {
      throw new CooperError("registry/bad-answer", "invalid token auth challenge realm");
    }
    const options = { insecure: tls?.insecure ?? false, ca: tls?.ca ?? [], keyPairs: tls?.keyPairs ?? [] };
    this.#knownTls.set(realm.host, options);
    const { service, scopes } = request;
    return await fetchToken({ realm, service, scopes, credentials }, this.#post, scope);
  }
  /** TLS options by host, so that a token server on a registry's own host is trusted like the registry. */
  readonly #knownTls = new Map<string, TlsOptions>();

  #tlsOf(url: URL): TlsOptions {
    return (
      this.#knownTls.get(url.host) ?? this.#knownTls.get(url.hostname) ?? { insecure: false, ca: [], keyPairs: [] }
    );
  }

  /**
   * Asks, answering challenges on the way; an address on another host is asked without authorization. Resolves with any answer but a redirect: judging the status is the caller's.
   * Throws `registry/unreachable`, and `registry/unauthorized` or `registry/denied` when no token is to be had.
   */
  async ask(ask: Ask, scope: Scope): Promise<HttpResponse> {
    this.#knownTls.set(ask.endpoint.host, ask.endpoint.tls);
    if (ask.path instanceof URL && ask.path.host !== ask.endpoint.host)
      return await this.#direct(ask, undefined, scope);
    const asker = { endpoint: ask.endpoint, scopes: ask.scopes, credentials: ask.credentials };
    for (let round = 1; ; round++) {
      const proof = await this.#authorizer.prove(asker, scope);
      const response = await this.#direct(ask, proof, scope);
      const ours = response.url.host === ask.endpoint.host;
      if (response.status !== 401 || !ours || round >= authorizationLimit) return response;
      if (!this.#authorizer.learn(asker, proof, response)) return response;
      await response.discard();
    }
  }

  async #direct(ask: Ask, proof: Proof | undefined, scope: Scope): Promise<HttpResponse> {
    const { endpoint } = ask;
    const plain = this.#plain.has(endpoint.host);
    const url = addressOf(ask, plain ? "http" : endpoint.scheme);
    const request: HttpRequest = {
      method: ask.method,
      url,
      headers: {
        "user-agent": this.#userAgent,
        ...ask.headers,
        ...(proof === undefined ? {} : { authorization: proof.header }),
      },
      ...(ask.body === undefined ? {} : { body: ask.body }),
      stallLimit: ask.method === "GET" || ask.method === "HEAD" ? stallLimits.read : stallLimits.write,
    };
    try {
      return await this.#redirected(request, endpoint.tls, scope);
    } catch (error) {
      if (!endpoint.httpFallback || plain || !speaksNoTls(error, endpoint)) throw error;
      this.#plain.add(endpoint.host);
      return await this.#direct(ask, proof, scope);
    }
  }

  /** Follows redirects of GET and HEAD. The authorization header stays behind when host or scheme change. */
  async #redirected(request: HttpRequest, tls: TlsOptions, scope: Scope): Promise<HttpResponse> {
    const home = request.url;
    let current = request;
    for (let hops = 0; ; hops++) {
      const trust = current.url.host === home.host ? tls : this.#tlsOf(current.url);
      const response = await this.#once(current, trust, scope);
      const location = redirectOf(response);
      if (location === undefined) return response;
      await response.discard();
      if (hops >= redirectLimit)
        throw new CooperError("registry/bad-answer", `stopped after ${redirectLimit} redirects at ${redact(location)}`);
      const { authorization: _, ...bare } = current.headers;
      const same = location.host === home.host && location.protocol === home.protocol;
      const kept = same ? request.headers : bare;
      scope.log(`registry: ${redact(current.url)} redirects to ${redact(location)}`);
      current = { ...current, url: location, headers: kept };
    }
  }

  /** One request on the wire; a certificate that only the machine's own roots can judge is given that chance. */
  async #once(request: HttpRequest, tls: TlsOptions, scope: Scope): Promise<HttpResponse> {
    const key = JSON.stringify(tls);
    const agents = this.#agents.get(key) ?? new Agents(tls, this.#proxy);
    this.#agents.set(key, agents);
    try {
      return await send(request, agents, tls.insecure, scope);
    } catch (error) {
      if (!isUnknownIssuer(failureOf(error)?.errno) || !agents.trustSystemRoots()) throw error;
      return await send(request, agents, tls.insecure, scope);
    }
  }

  [Symbol.dispose](): void {
    for (const agents of this.#agents.values()) agents[Symbol.dispose]();
    this.#agents.clear();
  }
}

/** A body that is all here already. */
export function bufferBody(bytes: Uint8Array): { size: number; open: () => Bytes } {
  return {
    size: bytes.byteLength,
    open: async function* () {
      yield bytes;
    },
  };
}

function addressOf(ask: Ask, scheme: string): URL {
  const { endpoint, path } = ask;
  if (path instanceof URL) return path;
  const url = new URL(`${scheme}://${endpoint.host}${endpoint.prefix}/${path}`);
  if (endpoint.standsFor !== undefined) url.searchParams.append("ns", endpoint.standsFor);
  return url;
}

function redirectOf(response: HttpResponse): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  if (response.method !== "GET" && response.method !== "HEAD") return undefined;
  const location = response.header("location");
  if (location === undefined) return undefined;
  const target = URL.canParse(location, response.url) ? new URL(location, response.url) : undefined;
  if (target === undefined || !["http:", "https:"].includes(target.protocol)) {
    throw new CooperError(
      "registry/bad-answer",
      `cannot follow the redirect of ${redact(response.url)}: not a web address`,
    );
  }
  return target;
}

function speaksNoTls(error: unknown, endpoint: Endpoint): boolean {
  if (!isCooperError(error, "registry/unreachable")) return false;
  const errno = failureOf(error)?.errno ?? errnoOf(error.cause);
  if (isNotTls(errno)) return true;
  // Nobody listens on port 443; a port that was given is not changed.
  return (errno === "ECONNREFUSED" || errno === "ETIMEDOUT") && !/:\d+$/.test(endpoint.host);
}
