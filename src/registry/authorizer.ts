import { CooperError, parseDigest, raceSignal, type Scope, sha256Fields } from "../kit/index.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import type { Credentials, CredentialsSource } from "./contract.ts";
import { CredentialsMemo } from "./credentials.ts";
import type { Endpoint } from "./endpoint.ts";
import type { FailureDetails } from "./failure.ts";
import type { HttpResponse } from "./http.ts";
import { redact } from "./redact.ts";
import { basicHeader, fetchToken, type TokenPost } from "./token.ts";
import { TokenMemo } from "./token-memo.ts";
import { coversScopes, mergeScopes } from "./token-scope.ts";

/** What an `Authorization` header was made from; given back when the registry refuses it. */
export interface Proof {
  readonly header: string;
  readonly scopes: readonly string[];
  /** Key of the token in the cache; undefined for basic authorization. */
  readonly tokenKey: string | undefined;
}

/** Who asks, for what. */
export interface Asker {
  readonly endpoint: Endpoint;
  readonly scopes: readonly string[];
  readonly credentials: CredentialsSource;
}

/**
 * Answers the registries' challenges. A challenge is remembered per host, so that only the first request of a process pays
 * for a 401; tokens are remembered per realm, scopes and credentials, so that callers never use each other's.
 */
export class Authorizer {
  readonly #post: TokenPost;
  readonly #credentials = new CredentialsMemo();
  readonly #challenges = new Map<string, Challenge>();
  /** Scopes that a challenge asked for beyond our own guess, by host and guess. */
  readonly #extraScopes = new Map<string, readonly string[]>();
  readonly #tokens = new TokenMemo();
  readonly #names = new Names();
  constructor(post: TokenPost) {
    this.#post = post;
  }

  /** The header for a request, or undefined when the host has asked for none so far or there are no credentials for it. */
  async prove(asker: Asker, scope: Scope): Promise<Proof | undefined> {
    const challenge = this.#challenges.get(hostKey(asker.endpoint));
    if (challenge === undefined) return undefined;
    const delegated = await this.#delegated(challenge, asker, scope);
    if (delegated !== undefined) return delegated;
    const source = this.#credentials.get(asker.credentials, asker.endpoint.credentialsHost, scope);
    const credentials = await raceSignal(source, scope.signal);
    const scopes = mergeScopes(asker.scopes, this.#extraScopes.get(scopeKey(asker)) ?? []);
    if (credentials.kind === "bearer") return { header: `Bearer ${credentials.token}`, scopes, tokenKey: undefined };
    if (challenge.scheme === "bearer") return await this.#bearer(challenge, scopes, credentials, asker, scope);
    const header = credentials.kind === "basic" ? basicHeader(credentials).authorization : undefined;
    return header === undefined ? undefined : { header, scopes, tokenKey: undefined };
  }

  /**
   * Takes in a 401. True: ask again, `prove` has something new to offer. False: there is nothing to offer.
   * Throws `registry/denied` (`insufficient_scope: authorization failed`) when a token with all the wanted scopes was refused.
   */
  learn(asker: Asker, sent: Proof | undefined, response: HttpResponse): boolean {
    const challenge = parseChallenges(response.header("www-authenticate"))[0];
    if (challenge === undefined) return false;
    this.#challenges.set(hostKey(asker.endpoint), challenge);
    if (sent === undefined) {
      this.#addScopes(asker, challenge);
      return true;
    }
    if (challenge.scheme === "basic" || sent.tokenKey === undefined) return false;
    this.#tokens.forget(sent.tokenKey);
    const wanted = mergeScopes([challenge.parameters.scope ?? ""]);
    if (challenge.parameters.error === "insufficient_scope" && coversScopes(sent.scopes, wanted)) {
      throw refused(asker, response);
    }
    this.#addScopes(asker, challenge);
    return true;
  }

  #addScopes(asker: Asker, challenge: Challenge): void {
    const extra = challenge.parameters.scope;
    if (extra !== undefined && extra.length < 4096) this.#extraScopes.set(scopeKey(asker), [extra]);
  }

  async #bearer(
    challenge: Challenge,
    scopes: readonly string[],
    credentials: Credentials,
    asker: Asker,
    scope: Scope,
  ): Promise<Proof> {
    const realm = checkedRealm(challenge, credentials, asker);
    const service = challenge.parameters.service;
    const who = sha256Fields(JSON.stringify(credentials));
    const tokenKey = parseDigest(sha256Fields(realm.href, service ?? "", who, ...scopes));
    const token = await this.#tokens.get(tokenKey, () =>
      fetchToken({ realm, service, scopes, credentials }, this.#post, scope),
    );
    return { header: `Bearer ${token.value}`, scopes, tokenKey };
  }

  /** A token that the asker's side gets itself. Not for a password that would go out without TLS: that is refused below. */
  async #delegated(challenge: Challenge, asker: Asker, scope: Scope): Promise<Proof | undefined> {
    const { tokens } = asker.credentials;
    const { realm = "", service = "" } = challenge.parameters;
    const { scheme, tls } = asker.endpoint;
    const unsafe = scheme === "https" && !tls.insecure && !realm.startsWith("https:");
    if (tokens === undefined || challenge.scheme !== "bearer" || unsafe) return undefined;
    const scopes = mergeScopes(asker.scopes, this.#extraScopes.get(scopeKey(asker)) ?? []);
    const host = asker.endpoint.credentialsHost;
    const tokenKey = parseDigest(sha256Fields(realm, service, this.#names.of(tokens), host, ...scopes));
    const token = await this.#tokens.get(tokenKey, async () => {
      const found = await tokens(host, { realm, service, scopes }, scope);
      return { value: found?.token ?? "", expires: found?.expires ?? Date.now() + 1000 };
    });
    return token.value === "" ? undefined : { header: `Bearer ${token.value}`, scopes, tokenKey };
  }
}

/** A name for each source of tokens: no two callers ever share one. */
class Names {
  readonly #given = new WeakMap<object, string>();
  #next = 0;

  of(source: object): string {
    const known = this.#given.get(source) ?? `source ${this.#next++}`;
    this.#given.set(source, known);
    return known;
  }
}

function hostKey(endpoint: Endpoint): string {
  return `${endpoint.host}${endpoint.prefix}`;
}

function scopeKey(asker: Asker): string {
  return `${hostKey(asker.endpoint)} ${asker.scopes.join(" ")}`;
}

/** The realm is the registry's word: it must be a web address, and a password never goes from a TLS registry to plain HTTP. */
function checkedRealm(challenge: Challenge, credentials: Credentials, asker: Asker): URL {
  const text = challenge.parameters.realm ?? "";
  const realm = URL.canParse(text) ? new URL(text) : undefined;
  if (realm === undefined || !["http:", "https:"].includes(realm.protocol)) {
    const what = text === "" ? "no realm specified for token auth challenge" : "invalid token auth challenge realm";
    throw new CooperError("registry/bad-answer", `failed to authorize: ${what} of ${asker.endpoint.host}`);
  }
  const { scheme, tls } = asker.endpoint;
  if (realm.protocol === "http:" && scheme === "https" && !tls.insecure && credentials.kind !== "none") {
    throw new CooperError(
      "registry/bad-answer",
      `failed to authorize: ${asker.endpoint.host} wants the credentials sent to ${redact(realm)} without TLS`,
    );
  }
  return realm;
}

function refused(asker: Asker, response: HttpResponse): CooperError {
  const push = asker.scopes.some((entry) => entry.endsWith("push"));
  const details: FailureDetails = {
    kind: "registry",
    method: response.method,
    url: redact(response.url),
    status: response.status,
    transient: false,
  };
  return new CooperError(
    "registry/denied",
    `${push ? "push" : "pull"} access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
    { details },
  );
}
