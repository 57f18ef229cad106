import { CooperError, isCooperError, prefixed, type Scope } from "../kit/index.ts";
import type { Credentials } from "./contract.ts";
import { failureOf } from "./failure.ts";
import type { HttpResponse } from "./http.ts";
import { redact } from "./redact.ts";
import { statusError } from "./status-error.ts";

/** A bearer token and when to stop using it (milliseconds since the epoch). */
export interface Token {
  readonly value: string;
  readonly expires: number;
}

/** What a token is asked for: the challenge's realm and service, and the scopes of the work ahead. */
export interface TokenWish {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly credentials: Credentials;
}

/** Sends a small request to a token server. */
export type TokenPost = (
  method: "GET" | "POST",
  url: URL,
  headers: Readonly<Record<string, string>>,
  form: string | undefined,
  scope: Scope,
) => Promise<HttpResponse>;

const clientId = "buildkit-client";
const answerLimit = 1024 * 1024;
const tokenLimit = 64 * 1024;
const defaultSeconds = 60;

/**
 * Gets a token as distribution's token authentication says: with a password GET and, where a server wants that, the OAuth
 * POST; with an identity token the POST and then GET; without credentials an anonymous GET.
 * Errors start with `failed to authorize: failed to fetch anonymous token` or `… oauth token`, as upstream's.
 */
export async function fetchToken(wish: TokenWish, post: TokenPost, scope: Scope): Promise<Token> {
  const anonymous = wish.credentials.kind === "none";
  try {
    const ways = wish.credentials.kind === "identityToken" ? [byPost, byGet] : [byGet, byPost];
    const [first, second] = ways as [typeof byGet, typeof byGet];
    try {
      return await first(wish, post, scope);
    } catch (error) {
      if (anonymous || !wantsOtherWay(error)) throw error;
      return await second(wish, post, scope);
    }
  } catch (cause) {
    if (!isCooperError(cause)) throw cause;
    const what = anonymous ? "anonymous" : "oauth";
    throw prefixed(`failed to authorize: failed to fetch ${what} token`, cause, cause.code);
  }
}

/** Servers without the one way are known to answer 404 (GCR), 401 (Artifactory), 400 (ACR) or 405. */
function wantsOtherWay(error: unknown): boolean {
  return [400, 401, 404, 405].includes(failureOf(error)?.status ?? 0);
}

async function byGet(wish: TokenWish, post: TokenPost, scope: Scope): Promise<Token> {
  const query = wish.scopes.map((entry) => `scope=${encodeURIComponent(entry)}`);
  if (wish.service !== undefined && wish.service !== "") query.push(`service=${encodeURIComponent(wish.service)}`);
  const url = new URL(wish.realm);
  url.search = [url.search.slice(1), ...query].filter((part) => part !== "").join("&");
  const response = await post("GET", url, basicHeader(wish.credentials), undefined, scope);
  return await readToken(response, Date.now());
}

async function byPost(wish: TokenWish, post: TokenPost, scope: Scope): Promise<Token> {
  const form = new URLSearchParams();
  if (wish.scopes.length > 0) form.set("scope", wish.scopes.join(" "));
  form.set("service", wish.service ?? "");
  form.set("client_id", clientId);
  const { credentials } = wish;
  if (credentials.kind === "basic") {
    form.set("grant_type", "password");
    form.set("username", credentials.username);
    form.set("password", credentials.password);
  } else if (credentials.kind === "identityToken") {
    form.set("grant_type", "refresh_token");
    form.set("refresh_token", credentials.token);
  }
  const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
  const response = await post("POST", wish.realm, headers, form.toString(), scope);
  return await readToken(response, Date.now());
}

/** The basic authorization header of credentials that have one, as a header table. */
export function basicHeader(credentials: Credentials): Readonly<Record<string, string>> {
  const pair = basicPair(credentials);
  return pair === undefined ? {} : { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

function basicPair(credentials: Credentials): string | undefined {
  if (credentials.kind === "basic") return `${credentials.username}:${credentials.password}`;
  return credentials.kind === "identityToken" ? `:${credentials.token}` : undefined;
}

async function readToken(response: HttpResponse, now: number): Promise<Token> {
  if (response.status < 200 || response.status >= 400) throw await statusError(response);
  const refused = (what: string) =>
    new CooperError("registry/bad-answer", `unable to decode token response of ${redact(response.url)}: ${what}`);
  const body = (await response.all(answerLimit)).toString("utf8");
  let answer: { token?: unknown; access_token?: unknown; expires_in?: unknown } | null;
  try {
    answer = JSON.parse(body) as typeof answer;
  } catch {
    throw refused("not JSON");
  }
  const value = [answer?.access_token, answer?.token].find((token) => typeof token === "string" && token !== "");
  if (typeof value !== "string") throw refused("authorization server did not include a token in the response");
  if (value.length > tokenLimit || !/^[\x21-\x7e]+$/.test(value)) throw refused("the token is no header value");
  const seconds = Number(answer?.expires_in);
  // A tenth is kept in reserve: a token must last until the request arrives.
  const lasts = (Number.isFinite(seconds) && seconds > 0 ? seconds : defaultSeconds) * 900;
  return { value, expires: now + lasts };
}
