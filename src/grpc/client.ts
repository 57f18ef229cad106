import { type CooperError, reasonOf, userAgent } from "../kit/index.ts";
import type { Init, Method } from "../wire/index.ts";
import { Code } from "./code.ts";
import { ErrorCode, type HeaderList, type Http2Connection, type Http2Stream, type StreamEnd } from "./http2/index.ts";
import { MessageStream } from "./message-stream.ts";
import { formatTimeout, headerOf, type Metadata, metadataHeaders, metadataOf, noMetadata } from "./metadata.ts";
import { rpcError, trailersStatus } from "./rpc-error.ts";
import { defaultMessageLimit } from "./settings.ts";

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly metadata?: Metadata;
  readonly timeout?: number;
  readonly messageLimit?: number;
}

/** A call under way. `messages.read()` throws `wire/status` when the server ended it badly. */
export interface ClientCall<I, O> {
  readonly messages: MessageStream<O, I>;
  /** The server's first headers. */
  readonly header: Promise<Metadata>;
  /** No more requests. */
  end(): void;
  /** Ends the call on both sides. Harmless after its end. */
  cancel(): void;
}

/** Calls on one HTTP/2 connection, which its owner closes. */
export class GrpcClient {
  readonly #connection: Http2Connection;
  readonly #authority: string;

  constructor(connection: Http2Connection, authority = "localhost") {
    this.#connection = connection;
    this.#authority = authority;
  }

  /** Starts a call. Throws UNAVAILABLE when the connection is gone. */
  call<I, O>(method: Method<I, O>, options: CallOptions): ClientCall<I, O> {
    options.signal.throwIfAborted();
    const stream = this.#request(method.path, options);
    const limit = options.messageLimit ?? defaultMessageLimit;
    const outcome = new Outcome();
    const messages = new MessageStream<O, I>(stream, method.output, method.input, limit, {
      headers: (list) => outcome.headers(list),
      ended: () => outcome.allRead(),
      closed: (end) => {
        options.signal.removeEventListener("abort", onAbort);
        if (late !== false) clearTimeout(late);
        outcome.closed(end);
      },
    });
    outcome.of = messages;
    const cancel = () => stream.reset(ErrorCode.CANCEL);
    const stop = (error: unknown) => {
      outcome.stop(error);
      cancel();
    };
    const onAbort = () => stop(options.signal.reason);
    options.signal.addEventListener("abort", onAbort, { once: true });
    const tooLate = () => stop(rpcError(Code.DEADLINE_EXCEEDED, "context deadline exceeded"));
    const late = options.timeout !== undefined && setTimeout(tooLate, options.timeout);
    return { messages, header: outcome.header, end: () => stream.end(), cancel };
  }

  /** One request, one answer. */
  async unary<I, O>(method: Method<I, O>, request: Init<I>, options: CallOptions): Promise<O> {
    const call = this.call(method, options);
    try {
      await call.messages.send(request);
      call.end();
      let answer: O | undefined;
      for await (const message of call.messages) answer ??= message;
      if (answer === undefined) throw rpcError(Code.INTERNAL, "grpc: the call ended without an answer");
      return answer;
    } finally {
      call.cancel();
    }
  }

  #request(path: string, options: CallOptions): Http2Stream {
    const headers: HeaderList = [
      [":method", "POST"],
      [":scheme", "http"],
      [":path", path],
      [":authority", this.#authority],
      ["content-type", "application/grpc"],
      ["user-agent", userAgent],
      ["te", "trailers"],
      ...(options.timeout === undefined ? [] : [["grpc-timeout", formatTimeout(options.timeout)] as const]),
      ...metadataHeaders(options.metadata ?? noMetadata),
    ];
    try {
      return this.#connection.request(headers);
    } catch (cause) {
      throw unavailable(cause);
    }
  }
}

type Ending = Pick<MessageStream<unknown, unknown>, "fail" | "finish">;

/** Finds how a call ended: by trailers, headers that are trailers too, a reset, a lost connection. The first word counts. */
class Outcome {
  of: Ending | undefined;
  readonly #header = Promise.withResolvers<Metadata>();
  #known: { readonly error: unknown } | undefined;
  #begun = false;
  #allRead = false;

  constructor() {
    this.#header.promise.catch(() => {});
  }

  get header(): Promise<Metadata> {
    return this.#header.promise;
  }

  /** Ends it from this side, at once. */
  stop(error: unknown): void {
    this.#know(error);
    this.of?.fail(error);
    this.#header.reject(error);
  }

  /** The response's first headers, or trailers. */
  headers(list: HeaderList): void {
    const status = Number(headerOf(list, ":status"));
    // Words before the answer.
    if (status >= 100 && status < 200) return;
    if (!this.#begun && status !== 200) {
      this.#know(rpcError(Code.UNAVAILABLE, `unexpected HTTP status code received from server: ${status}`));
    } else if (headerOf(list, "grpc-status") !== undefined) this.#status(list);
    else if (!this.#begun) this.#header.resolve(metadataOf(list));
    this.#begun = true;
  }

  allRead(): void {
    this.#allRead = true;
    this.#conclude();
  }

  closed(end: StreamEnd): void {
    const cancelled = end.kind === "reset" && end.code === ErrorCode.CANCEL;
    this.#know(cancelled ? rpcError(Code.CANCELLED, "context canceled") : unavailable(causeOf(end)));
    this.allRead();
  }

  #status(list: HeaderList): void {
    const status = trailersStatus(Object.fromEntries(list));
    if (status === undefined) return;
    this.#know(status.code === Code.OK ? undefined : rpcError(status.code, status.message, status.details));
    this.#conclude();
  }

  #know(error: unknown): void {
    this.#known ??= { error };
  }

  #conclude(): void {
    if (!this.#allRead || this.#known === undefined) return;
    const { error } = this.#known;
    this.#header.reject(error ?? rpcError(Code.INTERNAL, "grpc: the call ended without headers"));
    this.of?.finish(error);
  }
}

function causeOf(end: StreamEnd): unknown {
  if (end.kind === "lost") return end.error;
  return end.kind === "reset" ? new Error(`stream terminated by RST_STREAM with error code: ${end.code}`) : undefined;
}

function unavailable(cause: unknown): CooperError {
  const reason = `error reading from server: ${cause === undefined ? "EOF" : reasonOf(cause)}`;
  return rpcError(Code.UNAVAILABLE, reason, [], cause);
}
