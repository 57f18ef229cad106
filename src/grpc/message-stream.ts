import type { Http2Stream } from "node:http2";
import type { Init, MessageType } from "../wire/index.ts";
import { decode, encode } from "../wire/index.ts";
import { Code } from "./code.ts";
import { Framer, frame, frameHead, joinParts, type MessageParts } from "./framer.ts";
import { PieceFramer } from "./piece-framer.ts";
import { rpcError } from "./rpc-error.ts";

/** Received bytes that wait to be read before the peer is held back; written bytes before `send` says to wait. */
const highWater = 4 * 1024 * 1024;
/** Small messages that are sent in a row go out together. */
const batchSize = 64 * 1024;

/**
 * Messages over one HTTP/2 stream, for either side of a call. `In` comes, `Out` goes. Reading gives all that is there at
 * once, writing gathers what is sent in one turn: the cost of a small message is its coding and no more.
 */
export class MessageStream<In, Out> {
  readonly stream: Http2Stream;
  #input: MessageType<In>;
  #output: MessageType<Out>;
  readonly #limit: number;
  #framer: Pick<Framer, "atRest"> & { push(chunk: Uint8Array): MessageParts[] };
  #queue: MessageParts[] = [];
  #queued = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #last: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #batch: Uint8Array[] = [];
  #batched = 0;
  #flushing: NodeJS.Immediate | undefined;
  #drained: Promise<void> | undefined;

  /** `limit`: the largest message in bytes. */
  constructor(stream: Http2Stream, input: MessageType<In>, output: MessageType<Out>, limit: number) {
    this.stream = stream;
    this.#input = input;
    this.#output = output;
    this.#limit = limit;
    this.#framer = new Framer(limit);
    stream.on("data", (chunk: Buffer) => this.#receive(chunk));
    stream.on("end", () => {
      if (!this.#framer.atRest) this.fail(rpcError(Code.INTERNAL, "grpc: stream ended in the middle of a message"));
    });
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
    if (this.stream.isPaused()) this.stream.resume();
    return messages;
  }

  /** From now on `readParts` gives the bytes in `BytesMessage`s, without their bounds. Before the first message. */
  unwrap(): void {
    const pieces = new PieceFramer(this.#limit);
    this.#framer = {
      get atRest() {
        return pieces.atRest;
      },
      push: (chunk) => {
        const [first, ...rest] = pieces.push(chunk);
        return first === undefined ? [] : [[first, ...rest]];
      },
    };
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

  /** Sends a message of which the front is encoded already and whose last field's bytes follow: they are not copied. */
  sendParts(front: Uint8Array, rest: Uint8Array): Promise<void> | undefined {
    return this.sendFramed([frameHead(front.byteLength + rest.byteLength), front, rest]);
  }

  sendFramed(parts: readonly Uint8Array[]): Promise<void> | undefined {
    if (this.stream.destroyed || this.stream.writableEnded) return undefined;
    for (const part of parts) {
      this.#batch.push(part);
      this.#batched += part.byteLength;
    }
    if (this.#batched >= batchSize) this.flush();
    else this.#flushing ??= setImmediate(() => this.flush());
    return this.stream.writableLength > highWater ? this.#whenDrained() : undefined;
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.#flushing !== undefined) clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#batch.length === 0 || this.stream.destroyed) return;
    // Small parts are joined: every write to Node's HTTP/2 costs as much as copying some kilobytes.
    const joined = this.#batch.length === 1 ? this.#batch : joinSmall(this.#batch);
    this.#batch = [];
    this.#batched = 0;
    for (const part of joined) this.stream.write(part);
  }

  /** Nothing more comes. What waits can still be read; then `read` says undefined, or throws the error. */
  finish(error?: unknown): void {
    this.#ended = true;
    if (error !== undefined) this.#last ??= { error };
    this.#wakeUp();
  }

  /** Nothing more will be read: what waits is dropped, and `read` throws this. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#queue = [];
    this.#wakeUp();
  }

  #receive(chunk: Buffer): void {
    if (this.#failure !== undefined) return;
    try {
      const messages = this.#framer.push(chunk);
      for (const message of messages) for (const part of message) this.#queued += part.byteLength;
      this.#queue.push(...messages);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (this.#queued > highWater) this.stream.pause();
    if (this.#queue.length > 0) this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #whenDrained(): Promise<void> {
    this.#drained ??= new Promise((resolve) => {
      const done = () => {
        this.stream.off("drain", done);
        this.stream.off("close", done);
        this.#drained = undefined;
        resolve();
      };
      this.stream.on("drain", done);
      this.stream.on("close", done);
    });
    return this.#drained;
  }
}

function joinSmall(parts: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const close = () => {
    if (small.length > 0) joined.push(small.length === 1 ? (small[0] as Uint8Array) : Buffer.concat(small));
    small = [];
  };
  for (const part of parts) {
    if (part.byteLength < 16_384) {
      small.push(part);
      continue;
    }
    close();
    joined.push(part);
  }
  close();
  return joined;
}
