import { messageOf } from "../kit/index.ts";
import type { Init, Method } from "../wire/index.ts";
import { Code } from "./code.ts";
import type { HeaderList, Http2Connection, Http2Stream } from "./http2/index.ts";
import { MessageStream } from "./message-stream.ts";
import { headerOf, type Metadata, metadataHeaders, metadataOf, noMetadata, parseTimeout } from "./metadata.ts";
import { type RpcStatus, rpcError, statusOf, statusTrailers } from "./rpc-error.ts";
import { defaultMessageLimit } from "./settings.ts";

/** One call, as its handler sees it. */
export interface ServerCall<I, O> {
  readonly metadata: Metadata;
  /** Aborted when the caller cancelled, went away, or its deadline passed. */
  readonly signal: AbortSignal;
  readonly messages: MessageStream<I, O>;
  /** Sends the response's headers now; else they go with the first message. */
  header(metadata?: Metadata): void;
}

/** A call that this server answers. */
export interface Handler {
  readonly method: Method<unknown, unknown>;
  readonly run: (call: ServerCall<unknown, unknown>) => Promise<void>;
}

export interface ServerOptions {
  readonly messageLimit?: number;
  /** What a failed call ends with. */
  readonly statusOf?: (error: unknown) => RpcStatus;
  /** Told of calls that ended badly. */
  readonly log?: (sentence: string) => void;
  /** Told of each call that is answered, and, through what it gives back, of its end. */
  readonly observe?: (path: string) => (status: RpcStatus) => void;
}

/** A call with one request and one answer. */
export function unary<I, O>(
  method: Method<I, O>,
  answer: (request: I, call: ServerCall<I, O>) => Promise<Init<O>>,
): Handler {
  const run = async (call: ServerCall<I, O>) => {
    const [request, ...more] = (await call.messages.read()) ?? [];
    if (request === undefined || more.length > 0) throw rpcError(Code.INTERNAL, "grpc: not exactly one request");
    await call.messages.send(await answer(request, call));
  };
  return { method, run } as Handler;
}

/** A call in which either side may send many. It ends when the promise settles. */
export function streaming<I, O>(method: Method<I, O>, run: (call: ServerCall<I, O>) => Promise<void>): Handler {
  return { method, run } as Handler;
}

/** Answers calls on HTTP/2 connections that others accept. A method without handler is UNIMPLEMENTED. */
export class GrpcServer {
  readonly #handlers: ReadonlyMap<string, Handler>;
  readonly #options: ServerOptions;
  readonly #running = new Set<Promise<void>>();

  constructor(handlers: readonly Handler[], options: ServerOptions = {}) {
    this.#handlers = new Map(handlers.map((handler) => [handler.method.path, handler]));
    this.#options = options;
  }

  /** Paths of all calls. */
  get methods(): readonly string[] {
    return [...this.#handlers.keys()];
  }

  /** Serves a connection until it ends. Right after it was made. */
  attach(connection: Http2Connection): void {
    void connection.closed.then((error) => {
      if (error !== undefined) this.#options.log?.(`connection failed: ${messageOf(error)}`);
    });
    connection.serve((stream, headers) => {
      const running = this.#serve(connection, stream, headers).finally(() => this.#running.delete(running));
      this.#running.add(running);
    });
  }

  /** Resolves when no call runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #serve(connection: Http2Connection, stream: Http2Stream, headers: HeaderList): Promise<void> {
    const refused = refusalOf(headers);
    if (refused !== undefined) {
      connection.respond(stream, [[":status", String(refused)]], true);
      return;
    }
    const path = headerOf(headers, ":path") ?? "";
    const handler = this.#handlers.get(path);
    const answer = new Answer(connection, stream);
    if (handler === undefined) {
      const [service = "", name = ""] = path.slice(1).split("/");
      const known = [...this.#handlers.keys()].some((one) => one.startsWith(`/${service}/`));
      const what = known ? `unknown method ${name} for service ${service}` : `unknown service ${service}`;
      answer.end({ code: Code.UNIMPLEMENTED, message: what, details: [] });
      return;
    }
    await this.#run(handler, stream, headers, answer);
  }

  async #run(handler: Handler, stream: Http2Stream, headers: HeaderList, answer: Answer): Promise<void> {
    const controller = new AbortController();
    const { input, output } = handler.method;
    const limit = this.#options.messageLimit ?? defaultMessageLimit;
    const messages: MessageStream<unknown, unknown> = new MessageStream(stream, input, output, limit, {
      ended: () => messages.finish(),
      closed: () => stop(rpcError(Code.CANCELLED, "context canceled")),
      sending: () => answer.header(),
    });
    const stop = (error: unknown) => {
      controller.abort(error);
      messages.fail(error);
    };
    const timeout = parseTimeout(headerOf(headers, "grpc-timeout"));
    const late = timeout !== undefined && setTimeout(() => stop(deadlineExceeded()), Math.min(timeout, 2 ** 31 - 1));
    const metadata = metadataOf(headers);
    const ended = this.#options.observe?.(handler.method.path);
    try {
      await handler.run({ metadata, signal: controller.signal, messages, header: (more) => answer.header(more) });
      answer.end(ok);
      ended?.(ok);
    } catch (error) {
      const status = (this.#options.statusOf ?? statusOf)(controller.signal.aborted ? controller.signal.reason : error);
      this.#options.log?.(`${handler.method.path}: ${status.message}`);
      answer.end(status);
      ended?.(status);
    } finally {
      if (late !== false) clearTimeout(late);
      controller.abort(rpcError(Code.CANCELLED, "context canceled"));
    }
  }
}

const ok: RpcStatus = { code: Code.OK, message: "", details: [] };

function deadlineExceeded() {
  return rpcError(Code.DEADLINE_EXCEEDED, "context deadline exceeded");
}

/** HTTP's own refusals, for what is no gRPC call at all. */
function refusalOf(headers: HeaderList): number | undefined {
  if (headerOf(headers, ":method") !== "POST") return 405;
  return headerOf(headers, "content-type")?.startsWith("application/grpc") ? undefined : 415;
}

const contentType = ["content-type", "application/grpc"] as const;

/** Headers once, trailers once. */
class Answer {
  readonly #connection: Http2Connection;
  readonly #stream: Http2Stream;
  #begun = false;
  constructor(connection: Http2Connection, stream: Http2Stream) {
    this.#connection = connection;
    this.#stream = stream;
  }

  header(metadata: Metadata = noMetadata): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#connection.respond(this.#stream, [[":status", "200"], contentType, ...metadataHeaders(metadata)]);
  }

  end(status: RpcStatus): void {
    const trailers = Object.entries(statusTrailers(status));
    if (this.#begun) this.#stream.end(trailers);
    else this.#connection.respond(this.#stream, [[":status", "200"], contentType, ...trailers], true);
    this.#begun = true;
  }
}
