import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { type CooperError, reasonOf, userAgent } from "../kit/index.ts";
import type { Init, Method } from "../wire/index.ts";
import { Code } from "./code.ts";
import { MessageStream } from "./message-stream.ts";
import { formatTimeout, type Metadata, metadataHeaders, metadataOf, noMetadata } from "./metadata.ts";
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
  readonly #session: ClientHttp2Session;
  readonly #authority: string;

  constructor(session: ClientHttp2Session, authority = "localhost") {
    this.#session = session;
    this.#authority = authority;
  }

  /** Starts a call. Throws UNAVAILABLE when the connection is gone. */
  call<I, O>(method: Method<I, O>, options: CallOptions): ClientCall<I, O> {
    options.signal.throwIfAborted();
    const stream = this.#request(method.path, options);
    const limit = options.messageLimit ?? defaultMessageLimit;
    const messages = new MessageStream<O, I>(stream, method.output, method.input, limit);
    const outcome = new Outcome(stream, messages, this.#session);
    const cancel = () => stream.close(constants.NGHTTP2_CANCEL);
    const stop = (error: unknown) => {
      outcome.stop(error);
      cancel();
    };
    const onAbort = () => stop(options.signal.reason);
    options.signal.addEventListener("abort", onAbort, { once: true });
    const tooLate = () => stop(rpcError(Code.DEADLINE_EXCEEDED, "context deadline exceeded"));
    const late = options.timeout !== undefined && setTimeout(tooLate, options.timeout);
    stream.once("close", () => {
      options.signal.removeEventListener("abort", onAbort);
      if (late !== false) clearTimeout(late);
    });
    const end = () => {
      messages.flush();
      if (!stream.destroyed) stream.end();
    };
    return { messages, header: outcome.header, end, cancel };
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

  #request(path: string, options: CallOptions): ClientHttp2Stream {
    const headers: OutgoingHttpHeaders = {
      ...metadataHeaders(options.metadata ?? noMetadata),
      ":method": "POST",
      ":scheme": "http",
      ":path": path,
      ":authority": this.#authority,
      "content-type": "application/grpc",
      "user-agent": userAgent,
      te: "trailers",
    };
    if (options.timeout !== undefined) headers["grpc-timeout"] = formatTimeout(options.timeout);
    try {
      return this.#session.request(headers, { endStream: false });
    } catch (cause) {
      throw unavailable(cause);
    }
  }
}

type Ending = Pick<MessageStream<unknown, unknown>, "fail" | "finish">;

/** Finds how a call ended: by trailers, headers that are trailers too, a reset, a lost connection. The first word counts. */
class Outcome {
  readonly #messages: Ending;
  readonly #header = Promise.withResolvers<Metadata>();
  #known: { readonly error: unknown } | undefined;
  #allRead = false;

  constructor(stream: ClientHttp2Stream, messages: Ending, session: ClientHttp2Session) {
    this.#messages = messages;
    this.#header.promise.catch(() => {});
    let streamError: unknown;
    stream.on("error", (error) => {
      streamError = error;
    });
    stream.on("response", (headers) => this.#response(headers));
    stream.on("trailers", (headers) => this.#status(headers));
    stream.once("end", () => {
      this.#allRead = true;
      this.#conclude();
    });
    stream.once("close", () => {
      // Node gives this code to all streams of a connection that broke, too.
      const lost = session.destroyed || session.closed;
      const cancelled = stream.rstCode === constants.NGHTTP2_CANCEL && !lost;
      this.#know(cancelled ? rpcError(Code.CANCELLED, "context canceled") : unavailable(streamError));
      this.#allRead = true;
      this.#conclude();
    });
  }

  get header(): Promise<Metadata> {
    return this.#header.promise;
  }

  /** Ends it from this side, at once. */
  stop(error: unknown): void {
    this.#know(error);
    this.#messages.fail(error);
    this.#header.reject(error);
  }

  #response(headers: IncomingHttpHeaders): void {
    const status = Number(headers[":status"]);
    if (status !== 200) {
      this.#know(rpcError(Code.UNAVAILABLE, `unexpected HTTP status code received from server: ${status}`));
    } else if (headers["grpc-status"] !== undefined) this.#status(headers);
    else this.#header.resolve(metadataOf(headers));
  }

  #status(headers: IncomingHttpHeaders): void {
    const status = trailersStatus(headers);
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
    this.#messages.finish(error);
  }
}

function unavailable(cause: unknown): CooperError {
  const reason = `error reading from server: ${cause === undefined ? "EOF" : reasonOf(cause)}`;
  return rpcError(Code.UNAVAILABLE, reason, [], cause);
}
