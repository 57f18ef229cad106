import type { Init, MessageType } from "../wire/index.ts";
import { decode, encode } from "../wire/index.ts";
import { Code } from "./code.ts";
import { Framer, frame, frameHead, joinParts, type MessageParts } from "./framer.ts";
import type { Http2Stream, Receiver, StreamListener } from "./http2/index.ts";
import { PieceFramer } from "./piece-framer.ts";
import { rpcError } from "./rpc-error.ts";

/** Received bytes that wait to be read before the peer is held back; written bytes before `send` says to wait. */
const highWater = 4 * 1024 * 1024;
const sendHighWater = 1024 * 1024;

/** The side of a call that a message stream leaves to others. */
export interface CallEvents extends Pick<StreamListener, "headers" | "ended" | "closed"> {
  /** Before each message that is sent. */
  readonly sending?: () => void;
}

/**
 * Messages over one HTTP/2 stream, for either side of a call. `In` comes, `Out` goes. Reading gives all that is there at
 * once, and what is sent in one turn leaves in one write: the cost of a small message is its coding and no more.
 */
export class MessageStream<In, Out> {
  readonly #stream: Http2Stream;
  readonly #sending: (() => void) | undefined;
  #input: MessageType<In>;
  #output: MessageType<Out>;
  readonly #limit: number;
  readonly #framer: Framer;
  #queue: MessageParts[] = [];
  #queued = 0;
  /** Received bytes that the peer was not allowed again. */
  #unpaid = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #last: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #drained: PromiseWithResolvers<void> | undefined;
  #tunnel: { readonly framer: PieceFramer; readonly receiver: Receiver } | undefined;

  /** `limit`: the largest message in bytes. */
  constructor(
    stream: Http2Stream,
    input: MessageType<In>,
    output: MessageType<Out>,
    limit: number,
    { headers, ended, closed, sending }: CallEvents,
  ) {
    this.#stream = stream;
    this.#sending = sending;
    this.#input = input;
    this.#output = output;
    this.#limit = limit;
    this.#framer = new Framer(limit);
    stream.listener = {
      ...(headers && { headers }),
      data: (piece, size) => this.#receive(piece, size),
      ended: () => {
        if (!this.#atRest) this.fail(rpcError(Code.INTERNAL, "grpc: stream ended in the middle of a message"));
        ended();
      },
      drained: () => this.#tellDrained(),
      closed: (end) => {
        this.#tellDrained();
        closed(end);
      },
    };
  }

  /** All messages that have come, at least one; undefined after the last one. Throws what `fail` was given. */
  async read(): Promise<readonly In[] | undefined> {
    const messages = await this.readParts();
    return messages?.map((parts) => decode(this.#input, joinParts(parts)));
  }

  /** As `read`, before decoding: large messages in the parts in which they came, so that whoever reads need not copy them. */
  async readParts(): Promise<readonly MessageParts[] | undefined> {
    while (this.#queue.length === 0) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#last !== undefined) throw this.#last.error;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const messages = this.#queue;
    this.#queue = [];
    this.#queued = 0;
    this.#pay();
    return messages;
  }

  /**
   * From now on the bytes in `BytesMessage`s go to `receiver` as they come, without their bounds, and `read` gives nothing more.
   * Before the first message.
   */
  pipe(receiver: Receiver): void {
    this.#tunnel = { framer: new PieceFramer(this.#limit), receiver };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<In, void> {
    for (let batch = await this.read(); batch !== undefined; batch = await this.read()) yield* batch;
  }

  /** The same stream with messages of other types: upstream has calls whose statement does not say what is sent. Before the first message. */
  as<I, O>(input: MessageType<I>, output: MessageType<O>): MessageStream<I, O> {
    const same = this as unknown as MessageStream<I, O>;
    same.#input = input;
    same.#output = output;
    return same;
  }

  /** Sends a message. A promise when the peer is slow: wait for it before more is sent. After the stream's end it is dropped. */
  send(message: Init<Out>): Promise<void> | undefined {
    return this.sendFramed([frame(encode(this.#output, message))]);
  }

  /** Sends a message in encoded parts, which are not copied and must stay as they are. */
  sendParts(...parts: readonly Uint8Array[]): Promise<void> | undefined {
    let size = 0;
    for (const part of parts) size += part.byteLength;
    return this.sendFramed([frameHead(size), ...parts]);
  }

  sendFramed(parts: readonly Uint8Array[]): Promise<void> | undefined {
    this.#sending?.();
    this.#stream.write(parts);
    if (this.#stream.waiting <= sendHighWater) return undefined;
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  /** Bytes sent that have not left the stream. */
  get waiting(): number {
    return this.#stream.waiting;
  }

  /** Nothing more comes. What waits can still be read; then `read` says undefined, or throws the error. */
  finish(error?: unknown): void {
    if (!this.#ended) this.#tunnel?.receiver.ended(error);
    this.#ended = true;
    if (error !== undefined) this.#last ??= { error };
    this.#wakeUp();
  }

  /** Nothing more will be read: what waits is dropped, and `read` throws this. */
  fail(error: unknown): void {
    if (this.#failure === undefined) this.#tunnel?.receiver.ended(error);
    this.#failure ??= { error };
    this.#queue = [];
    this.#queued = 0;
    this.#pay();
    this.#wakeUp();
  }

  get #atRest(): boolean {
    return this.#tunnel?.framer.atRest ?? this.#framer.atRest;
  }

  #receive(piece: Uint8Array, size: number): void {
    this.#unpaid += size;
    if (this.#failure === undefined) this.#take(piece);
    if (this.#queued <= highWater) this.#pay();
    if (this.#queue.length > 0) this.#wakeUp();
  }

  #take(piece: Uint8Array): void {
    try {
      if (this.#tunnel !== undefined) {
        const { framer, receiver } = this.#tunnel;
        for (const carried of framer.push(piece)) receiver.received(carried);
        return;
      }
      for (const message of this.#framer.push(piece)) {
        for (const part of message) this.#queued += part.byteLength;
        this.#queue.push(message);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** Lets the peer send as much as has come. */
  #pay(): void {
    if (this.#unpaid === 0) return;
    const size = this.#unpaid;
    this.#unpaid = 0;
    this.#stream.consumed(size);
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #tellDrained(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
    this.#tunnel?.receiver.drained();
  }
}
