import { constants, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Init, Method } from "../wire/index.ts";
import { Code } from "./code.ts";
import { MessageStream } from "./message-stream.ts";
import { type Metadata, metadataHeaders, metadataOf, noMetadata, parseTimeout } from "./metadata.ts";
import { type RpcStatus, rpcError, statusOf, statusTrailers } from "./rpc-error.ts";
import { defaultMessageLimit, raiseWindow } from "./settings.ts";

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

  /** Serves a connection until it ends. */
  attach(session: ServerHttp2Session): void {
    raiseWindow(session);
    // Also at the good end of many a client: grpc-go's GOAWAY names a stream of its own, which nghttp2 takes for an error.
    session.on("error", (error: Error) => this.#options.log?.(`connection failed: ${error.message}`));
    session.on("stream", (stream, headers, _flags, raw) => {
      const running = this.#serve(stream, headers, raw as readonly string[] | undefined).finally(() =>
        this.#running.delete(running),
      );
      this.#running.add(running);
    });
  }

  /** Resolves when no call runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #serve(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    raw: readonly string[] | undefined,
  ): Promise<void> {
    stream.on("error", () => {});
    const refused = refusalOf(headers);
    if (refused !== undefined) {
      stream.respond({ ":status": refused }, { endStream: true });
      return;
    }
    const path = String(headers[":path"]);
    const handler = this.#handlers.get(path);
    const answer = new Answer(stream);
    if (handler === undefined) {
      const [service = "", name = ""] = path.slice(1).split("/");
      const known = [...this.#handlers.keys()].some((one) => one.startsWith(`/${service}/`));
      const what = known ? `unknown method ${name} for service ${service}` : `unknown service ${service}`;
      answer.end({ code: Code.UNIMPLEMENTED, message: what, details: [] });
      return;
    }
    await this.#run(handler, stream, metadataOf(headers, raw), parseTimeout(headers["grpc-timeout"]), answer);
  }

  async #run(
    handler: Handler,
    stream: ServerHttp2Stream,
    metadata: Metadata,
    timeout: number | undefined,
    answer: Answer,
  ): Promise<void> {
    const controller = new AbortController();
    const { input, output } = handler.method;
    const messages = new MessageStream(stream, input, output, this.#options.messageLimit ?? defaultMessageLimit);
    stream.once("end", () => messages.finish());
    const stop = (error: unknown) => {
      controller.abort(error);
      messages.fail(error);
    };
    const late = timeout !== undefined && setTimeout(() => stop(deadlineExceeded()), Math.min(timeout, 2 ** 31 - 1));
    stream.once("close", () => stop(rpcError(Code.CANCELLED, "context canceled")));
    const send = messages.sendFramed.bind(messages);
    messages.sendFramed = (parts) => {
      answer.header();
      return send(parts);
    };
    const ended = this.#options.observe?.(handler.method.path);
    try {
      await handler.run({ metadata, signal: controller.signal, messages, header: (more) => answer.header(more) });
      messages.flush();
      answer.end(ok);
      ended?.(ok);
    } catch (error) {
      messages.flush();
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
function refusalOf(headers: IncomingHttpHeaders): number | undefined {
  if (headers[":method"] !== "POST") return 405;
  return String(headers["content-type"] ?? "").startsWith("application/grpc") ? undefined : 415;
}

/** Headers once, trailers once. */
class Answer {
  readonly #stream: ServerHttp2Stream;
  #begun = false;
  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
  }

  header(metadata: Metadata = noMetadata): void {
    if (this.#begun || this.#stream.destroyed) return;
    this.#begun = true;
    const headers = { ...metadataHeaders(metadata), ":status": 200, "content-type": "application/grpc" };
    this.#stream.respond(headers, { waitForTrailers: true });
  }

  end(status: RpcStatus): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    const trailers = statusTrailers(status);
    if (!this.#begun) {
      this.#begun = true;
      stream.respond({ ":status": 200, "content-type": "application/grpc", ...trailers }, { endStream: true });
      stream.resume();
      return;
    }
    stream.once("wantTrailers", () => {
      stream.sendTrailers(trailers);
      // A caller that has not ended its side hears that nobody listens any more.
      if (!stream.readableEnded) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
    });
    stream.end();
    stream.resume();
  }
}
