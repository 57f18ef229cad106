import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { type Bytes, collect, errnoOf, type Scope } from "../kit/index.ts";
import type { Agents } from "./agents.ts";
import { connectionError } from "./failure.ts";

/** One HTTP request as it goes on the wire. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** `open` is called once; exactly `size` bytes must come. */
  readonly body?: { readonly size: number; readonly open: () => Bytes };
  /**
   * Give up when nothing moves for that many milliseconds, or hardly anything: the head of an answer to a request without a body must be
   * complete in that time, and of the answer's body `slowest` bytes must come in each such time.
   */
  readonly stallLimit: number;
}

/** An answer whose body must be used up: by `body`, `peek` or `discard`. */
export interface HttpResponse {
  readonly method: string;
  readonly url: URL;
  readonly status: number;
  readonly statusText: string;
  /** Value of a header (name in lower case), the first when it came twice. */
  header(name: string): string | undefined;
  /** The body; ending the iteration early closes the connection. A broken transfer throws `registry/unreachable`. */
  body(): AsyncGenerator<Buffer>;
  /** The body's first bytes, at most `limit`; the rest is thrown away. Never throws. */
  peek(limit: number): Promise<Buffer>;
  /** The whole body. Throws `kit/too-large` past `limit`. */
  all(limit: number): Promise<Buffer>;
  discard(): Promise<void>;
  /** Closes the connection without reading any further. */
  close(): void;
}

/** Far below the slowest line: only a server that plays for time is slower. */
const slowest = 4096;

/** Sends one request and resolves with the head of its answer. Throws `registry/unreachable`, or the signal's reason. */
export async function send(
  request: HttpRequest,
  agents: Agents,
  insecure: boolean,
  scope: Scope,
): Promise<HttpResponse> {
  scope.signal.throwIfAborted();
  const { method, url } = request;
  const message = open(request, await agents.options(url, insecure), await agents.module(url));
  const abort = () => message.destroy(scope.signal.reason as Error);
  scope.signal.addEventListener("abort", abort, { once: true });
  const release = () => scope.signal.removeEventListener("abort", abort);
  let silence: Error | undefined;
  message.on("timeout", () => {
    silence = timeoutError();
    message.destroy(silence);
  });
  const failed = (cause: unknown) => {
    if (scope.signal.aborted) return scope.signal.reason;
    // A body that is cut off by the destruction says "aborted", whatever the reason was.
    if (silence !== undefined) return connectionError(method, url, silence);
    return cause instanceof SourceFailure ? cause.cause : connectionError(method, url, cause);
  };
  try {
    if (scope.signal.aborted) abort();
    const response = await exchange(message, request);
    return new Response(response, message, request, failed, release);
  } catch (cause) {
    message.destroy();
    release();
    if (wasStale(message, request, cause) && !scope.signal.aborted) return await send(request, agents, insecure, scope);
    throw failed(cause);
  }
}

/** A connection kept from before, which the server had closed meanwhile: nothing was asked yet, a fresh one may ask. */
function wasStale(message: ClientRequest, { body }: HttpRequest, cause: unknown): boolean {
  return message.reusedSocket && body === undefined && ["ECONNRESET", "EPIPE"].includes(errnoOf(cause) ?? "");
}

function open(
  request: HttpRequest,
  options: RequestOptions,
  module: { request: (options: RequestOptions) => ClientRequest },
): ClientRequest {
  const { url, body } = request;
  const message = module.request({
    ...options,
    method: request.method,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port,
    path: `${url.pathname}${url.search}`,
    headers: {
      ...request.headers,
      host: url.host,
      ...(body !== undefined || !["GET", "HEAD"].includes(request.method) ? { "content-length": body?.size ?? 0 } : {}),
    },
    timeout: request.stallLimit,
  });
  message.setNoDelay(true);
  return message;
}

function timeoutError(): Error {
  return Object.assign(new Error("i/o timeout"), { code: "ETIMEDOUT" });
}

/** Sends the body while waiting for the answer: a server may answer (401, 404, 5xx) before it has read everything. */
async function exchange(message: ClientRequest, request: HttpRequest): Promise<IncomingMessage> {
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    message.once("response", resolve);
    message.once("error", reject);
    message.once("close", () => reject(Object.assign(new Error("EOF"), { code: "ECONNRESET" })));
  });
  // A late error (the peer resets after it answered) must have a listener.
  message.on("error", () => {});
  if (request.body === undefined || request.body.size === 0) {
    const late = setTimeout(() => message.destroy(timeoutError()), request.stallLimit);
    message.end();
    return await answer.finally(() => clearTimeout(late));
  }
  let answered = false;
  const stop = () => {
    answered = true;
  };
  answer.then(stop, stop);
  let broken: SourceFailure | undefined;
  const sent = pump(message, request.body, () => answered).catch((cause: unknown) => {
    broken = new SourceFailure(cause);
    message.destroy();
  });
  try {
    return await answer;
  } catch (error) {
    await sent;
    throw broken ?? error;
  }
}

/** The body could not be read: no fault of the connection, passed on as it came. */
class SourceFailure extends Error {
  constructor(cause: unknown) {
    super("the body could not be read", { cause });
  }
}

async function pump(
  message: ClientRequest,
  body: { size: number; open: () => Bytes },
  done: () => boolean,
): Promise<void> {
  let sent = 0;
  for await (const chunk of body.open()) {
    if (done() || message.destroyed) return;
    sent += chunk.byteLength;
    if (sent > body.size) throw new Error(`body is longer than ${body.size} bytes`);
    if (!message.write(chunk)) await drained(message);
  }
  if (sent !== body.size) throw new Error(`body ended after ${sent} of ${body.size} bytes`);
  message.end();
}

function drained(message: ClientRequest): Promise<void> {
  if (message.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      for (const event of ["drain", "close", "response"]) message.removeListener(event, wake);
      resolve();
    };
    for (const event of ["drain", "close", "response"]) message.once(event, wake);
  });
}

class Response implements HttpResponse {
  readonly method: string;
  readonly url: URL;
  readonly status: number;
  readonly statusText: string;
  readonly #message: IncomingMessage;
  readonly #sender: ClientRequest;
  readonly #stallLimit: number;
  readonly #failed: (cause: unknown) => unknown;
  readonly #release: () => void;
  constructor(
    message: IncomingMessage,
    sender: ClientRequest,
    request: HttpRequest,
    failed: (cause: unknown) => unknown,
    release: () => void,
  ) {
    this.method = request.method;
    this.url = request.url;
    this.status = message.statusCode ?? 0;
    this.statusText = message.statusMessage ?? "";
    this.#message = message;
    this.#sender = sender;
    this.#stallLimit = request.stallLimit;
    this.#failed = failed;
    this.#release = release;
    message.on("error", () => {});
  }

  header(name: string): string | undefined {
    const value = this.#message.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  async *body(): AsyncGenerator<Buffer> {
    try {
      let window = { began: Date.now(), bytes: 0 };
      for await (const chunk of this.#message as AsyncIterable<Buffer>) {
        window.bytes += chunk.byteLength;
        if (Date.now() - window.began > this.#stallLimit) {
          if (window.bytes < slowest) throw timeoutError();
          window = { began: Date.now(), bytes: 0 };
        }
        yield chunk;
      }
      if (!this.#message.complete) throw Object.assign(new Error("unexpected EOF"), { code: "ECONNRESET" });
    } catch (cause) {
      throw this.#failed(cause);
    } finally {
      this.#release();
      // Half an answer, or an answer to half a request: this connection cannot be used again.
      if (!this.#message.complete || !this.#sender.writableEnded) this.#sender.destroy();
    }
  }

  async all(limit: number): Promise<Buffer> {
    return await collect(this.body(), limit, "answer of the registry");
  }

  async peek(limit: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of this.body()) {
        chunks.push(chunk);
        size += chunk.byteLength;
        if (size >= limit) break;
      }
    } catch {
      // What came is enough: this is for error texts.
    }
    return Buffer.concat(chunks).subarray(0, limit);
  }

  close(): void {
    this.#release();
    this.#sender.destroy();
  }

  async discard(): Promise<void> {
    await this.peek(65_536);
  }
}
