import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import { createGunzip } from "node:zlib";
import { CooperError, type Scope, userAgent } from "../../../kit/index.ts";

const mostRedirects = 10;
/** No byte for this long means that the other side is gone. */
const idleMs = 60_000;

export interface HttpRequest {
  readonly method: "GET" | "HEAD";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Read it to its end, or call `drop`. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly drop: () => void;
}

/**
 * Asks, follows redirects (credentials stay with their host), honours proxies of the environment. Throws `ops/http-failed`.
 * The bytes come decoded when the server sent them gzipped.
 */
export async function httpRequest(request: HttpRequest, scope: Scope): Promise<HttpAnswer> {
  let current = request;
  for (let hops = 0; hops <= mostRedirects; hops++) {
    const response = await once(current, scope).catch(async (error: unknown) => {
      throw scope.signal.aborted ? scope.signal.reason : await connectionFailure(current.method, current.url, error);
    });
    const { location } = response.headers;
    const status = response.statusCode ?? 0;
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return answerOf(response, status);
    response.destroy();
    current = redirected(current, location);
  }
  throw failed(request.url, `stopped after ${mostRedirects} redirects`);
}

function redirected(request: HttpRequest, location: string): HttpRequest {
  const from = new URL(request.url);
  const to = new URL(location, from);
  if (to.protocol !== "http:" && to.protocol !== "https:") throw failed(request.url, `redirected to ${to.protocol}`);
  const leaves = to.host !== from.host || (from.protocol === "https:" && to.protocol === "http:");
  const headers = leaves
    ? Object.fromEntries(Object.entries(request.headers).filter(([name]) => name.toLowerCase() !== "authorization"))
    : request.headers;
  return { ...request, url: to.href, headers };
}

function once({ method, url, headers }: HttpRequest, scope: Scope): Promise<IncomingMessage> {
  const secure = url.startsWith("https:");
  // Nothing is kept alive: one file is one connection, and the process must be able to end.
  const options = { keepAlive: false, proxyEnv: process.env };
  const agent = secure ? new SecureAgent(options) : new PlainAgent(options);
  return new Promise((resolve, reject) => {
    const send = secure ? secureRequest : plainRequest;
    const outgoing = send(url, {
      method,
      headers: { "user-agent": userAgent, "accept-encoding": "gzip", ...headers },
      agent,
      signal: scope.signal,
    });
    outgoing.setTimeout(idleMs, () => outgoing.destroy(new Error(`no byte for ${idleMs / 1000} s`)));
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
    outgoing.end();
  });
}

function answerOf(response: IncomingMessage, status: number): HttpAnswer {
  const gzipped = response.headers["content-encoding"] === "gzip";
  const body = gzipped ? unzipped(response) : response;
  return { status, headers: response.headers, body, drop: () => response.destroy() };
}

/** Begins when it is read: what HEAD answers has no end that gunzip could find. */
async function* unzipped(response: IncomingMessage): AsyncGenerator<Uint8Array, void> {
  yield* response.compose(createGunzip());
}

function failed(url: string, reason: string, cause?: unknown): CooperError {
  const { protocol, host, pathname } = new URL(url);
  return new CooperError("ops/http-failed", `failed to fetch ${protocol}//${host}${pathname}: ${reason}`, { cause });
}

/** In the words of Go's HTTP client, as registry errors are. */
async function connectionFailure(method: string, url: string, cause: unknown): Promise<CooperError> {
  const { connectionError } = await import("../../../registry/index.ts");
  const { message } = connectionError(method, new URL(url), cause);
  return new CooperError("ops/http-failed", message.replace(/^failed to do request: /, ""), { cause });
}
