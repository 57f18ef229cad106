import { Allowance } from "./allowance.ts";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import { HeaderBlocks, type ReceivedHeaders } from "./header-blocks.ts";
import type { HeaderList } from "./hpack.ts";
import {
  defaultWindow,
  ErrorCode,
  Flag,
  FrameType,
  frameHead,
  Http2Error,
  largestWindow,
  leastFrameSize,
  numbersFrame,
  preface,
  Setting,
  settingsFrame,
} from "./protocol.ts";
import { Sender } from "./sender.ts";
import { Http2Stream, type StreamEnd } from "./stream.ts";
import type { Receiver, Transport } from "./transport.ts";

/** What this side lets the other one do. */
export interface ConnectionLimits {
  /** Bytes that may be under way in one stream, and on the connection. */
  readonly streamWindow: number;
  readonly connectionWindow: number;
  /** Bytes that all streams together may hold unread before the connection's window closes. */
  readonly held: number;
  readonly streams: number;
  readonly frameSize: number;
  readonly headerBytes: number;
  readonly headerFields: number;
}

/** Streams that a peer may begin and reset at once, and then each second: nghttp2's figures. */
const resetsAtOnce = 1000;
const resetsPerSecond = 33;

/**
 * One HTTP/2 connection (RFC 9113), either side, as far as gRPC needs it: no push, no priorities, no table of headers for what is
 * sent. It owns its transport. A peer that breaks the protocol or goes beyond the limits loses the connection, with a GOAWAY.
 */
export class Http2Connection {
  /** The peer's settings are here: it speaks HTTP/2. Rejects when the connection ends before. */
  readonly ready: Promise<void>;
  /** It is over: the error that ended it, or undefined. Never rejects. */
  readonly closed: Promise<unknown>;
  readonly #role: "client" | "server";
  readonly #limits: ConnectionLimits;
  readonly #transport: Transport;
  readonly #sender: Sender;
  readonly #reader: FrameReader;
  readonly #headers: HeaderBlocks;
  readonly #streams = new Map<number, Http2Stream>();
  readonly #resets = new Allowance(resetsAtOnce, resetsPerSecond);
  readonly #readiness = Promise.withResolvers<void>();
  readonly #closing = Promise.withResolvers<unknown>();
  #accept: ((stream: Http2Stream, list: HeaderList) => void) | undefined;
  #state: "greeting" | "open" | "leaving" | "closed" = "greeting";
  #prefaceRead = 0;
  #lastStream = 0;
  #peerWindow = defaultWindow;
  #peerStreams = Number.POSITIVE_INFINITY;
  /** Requests that wait until the peer takes another stream. */
  #backlog: { readonly stream: Http2Stream; readonly list: HeaderList }[] = [];
  #receiveWindow: number;
  #owed = 0;
  #held = 0;

  constructor(transport: Transport, role: "client" | "server", limits: ConnectionLimits) {
    this.#transport = transport;
    this.#role = role;
    this.#limits = limits;
    this.#receiveWindow = limits.connectionWindow;
    this.ready = this.#readiness.promise;
    this.ready.catch(() => {});
    this.closed = this.#closing.promise;
    this.#headers = new HeaderBlocks({ bytes: limits.headerBytes, fields: limits.headerFields });
    this.#sender = new Sender(transport, (stream) => this.#sentAll(stream));
    // What one frame brings about may end the connection: then the others that came with it count no more.
    const sink: FrameSink = {
      data: (id, piece, size) => void (this.#state !== "closed" && this.#data(id, piece, size)),
      dataEnd: (id, last) => void (this.#state !== "closed" && this.#dataEnd(id, last)),
      frame: (type, flags, id, payload) => void (this.#state !== "closed" && this.#frame(type, flags, id, payload)),
    };
    this.#reader = new FrameReader(sink, limits.frameSize);
    this.#greet();
    transport.open(this.#receiver());
  }

  /** Whether requests can be made. */
  get usable(): boolean {
    return this.#state === "greeting" || this.#state === "open";
  }

  /** For a server, right after it was made: told of each request. */
  serve(accept: (stream: Http2Stream, list: HeaderList) => void): void {
    this.#accept = accept;
  }

  /** Begins a request, which waits when the peer has as many as it wants. Throws when the connection is not usable. */
  request(list: HeaderList): Http2Stream {
    if (!this.usable) throw new Error("the connection is closing");
    const stream = this.#newStream();
    this.#backlog.push({ stream, list });
    this.#begin();
    return stream;
  }

  /** A response's header fields; before what is written. */
  respond(stream: Http2Stream, list: HeaderList, last = false): void {
    if (!stream.writable) return;
    this.#sender.headers(stream.id, list, last);
    if (!last) return;
    stream.localEnded = true;
    this.#sentAll(stream);
  }

  /** Ends the connection and all its streams. Frames that are ready leave if they can at once. */
  destroy(error?: unknown): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#sender.flush();
    const streams = [...this.#streams.values(), ...this.#backlog.map(({ stream }) => stream)];
    this.#streams.clear();
    this.#backlog = [];
    for (const stream of streams) stream.close({ kind: "lost", error });
    this.#transport.destroy();
    this.#readiness.reject(error ?? new Error("connection closed before server preface received"));
    this.#closing.resolve(error);
  }

  #receiver(): Receiver {
    return {
      received: (chunk) => this.#receive(chunk),
      drained: () => this.#sender.flush(),
      ended: (error) => this.destroy(error),
    };
  }

  #greet(): void {
    const { streamWindow, connectionWindow, streams, frameSize, headerBytes } = this.#limits;
    if (this.#role === "client") this.#sender.frame(preface);
    const settings: (readonly [number, number])[] = [
      [Setting.INITIAL_WINDOW_SIZE, streamWindow],
      [Setting.MAX_CONCURRENT_STREAMS, streams],
      [Setting.MAX_FRAME_SIZE, frameSize],
      [Setting.MAX_HEADER_LIST_SIZE, headerBytes],
    ];
    if (this.#role === "client") settings.push([Setting.ENABLE_PUSH, 0]);
    this.#sender.frame(settingsFrame(settings));
    this.#sender.frame(numbersFrame(FrameType.WINDOW_UPDATE, 0, connectionWindow - defaultWindow));
  }

  #receive(chunk: Uint8Array): void {
    if (this.#state === "closed") return;
    try {
      this.#reader.push(this.#withoutPreface(chunk));
    } catch (error) {
      const code = error instanceof Http2Error ? error.code : ErrorCode.INTERNAL_ERROR;
      const last = this.#role === "server" ? this.#lastStream : 0;
      this.#sender.frame(frameHead(8, FrameType.GOAWAY, 0, 0), goAway(last, code));
      this.destroy(error);
    }
  }

  /** What a client sends first is no frame. */
  #withoutPreface(chunk: Uint8Array): Uint8Array {
    if (this.#role === "client" || this.#prefaceRead === preface.byteLength) return chunk;
    const piece = chunk.subarray(0, preface.byteLength - this.#prefaceRead);
    if (!preface.subarray(this.#prefaceRead, this.#prefaceRead + piece.byteLength).equals(piece)) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "no HTTP/2");
    }
    this.#prefaceRead += piece.byteLength;
    return chunk.subarray(piece.byteLength);
  }

  // Received frames.

  #data(id: number, piece: Uint8Array, size: number): void {
    this.#receiveWindow -= size;
    if (this.#receiveWindow < 0 || this.#headers.busy || this.#state === "greeting") {
      throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "unexpected DATA frame");
    }
    this.#owed += size;
    const stream = this.#known(id);
    if (stream?.remoteEnded) this.#reset(stream, ErrorCode.STREAM_CLOSED);
    else if (stream !== undefined) {
      this.#held += size;
      stream.receive(piece, size);
    }
    this.#payBack();
  }

  #dataEnd(id: number, last: boolean): void {
    if (this.#headers.busy || this.#state === "greeting") {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "unexpected DATA frame");
    }
    const stream = this.#known(id);
    if (last && stream !== undefined) this.#remoteEnd(stream);
  }

  #frame(type: number, flags: number, id: number, payload: Uint8Array): void {
    if (this.#state === "greeting" && (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0)) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "no settings first");
    }
    const headers = this.#headers.take(type, flags, id, payload);
    if (headers !== undefined) this.#received(headers);
    else if (type === FrameType.SETTINGS) this.#settings(flags, id, payload);
    else if (type === FrameType.PING) this.#ping(flags, id, payload);
    else if (type === FrameType.WINDOW_UPDATE) this.#windowUpdate(id, payload);
    else if (type === FrameType.RST_STREAM) this.#peerReset(id, payload);
    else if (type === FrameType.GOAWAY) this.#goAway(id, payload);
    else if (type === FrameType.PUSH_PROMISE) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "push is not allowed");
  }

  #received({ stream: id, list, last }: ReceivedHeaders): void {
    let stream = this.#streams.get(id);
    if (stream?.remoteEnded) {
      this.#reset(stream, ErrorCode.STREAM_CLOSED);
      return;
    }
    if (stream === undefined) {
      if (this.#role === "client" || id <= this.#lastStream) {
        this.#known(id);
        return;
      }
      stream = this.#accepted(id, list);
    } else if (this.#role === "client") stream.listener.headers?.(list);
    if (last && stream !== undefined && !stream.closed) this.#remoteEnd(stream);
  }

  #accepted(id: number, list: HeaderList): Http2Stream | undefined {
    if (id % 2 === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "even number of a request");
    this.#lastStream = id;
    if (this.#streams.size >= this.#limits.streams) {
      this.#sender.answer(numbersFrame(FrameType.RST_STREAM, id, ErrorCode.REFUSED_STREAM));
      return undefined;
    }
    const stream = this.#newStream();
    stream.id = id;
    this.#streams.set(id, stream);
    this.#accept?.(stream, list);
    return stream;
  }

  #settings(flags: number, id: number, payload: Uint8Array): void {
    const acknowledges = (flags & Flag.ACK) !== 0;
    if (id !== 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "SETTINGS on a stream");
    if (acknowledges ? payload.byteLength > 0 : payload.byteLength % 6 !== 0) throw wrongSize();
    if (acknowledges) return;
    const view = viewOf(payload);
    for (let at = 0; at < payload.byteLength; at += 6) this.#setting(view.getUint16(at), view.getUint32(at + 2));
    this.#sender.answer(frameHead(0, FrameType.SETTINGS, Flag.ACK, 0));
    if (this.#state === "greeting") this.#state = "open";
    this.#readiness.resolve();
    this.#begin();
    for (const stream of this.#streams.values()) this.#sender.wake(stream, false);
  }

  #setting(id: number, value: number): void {
    if (id === Setting.MAX_CONCURRENT_STREAMS) this.#peerStreams = value;
    else if (id === Setting.MAX_FRAME_SIZE) {
      if (value < leastFrameSize || value >= 2 ** 24) throw badSetting(ErrorCode.PROTOCOL_ERROR);
      this.#sender.frameSize = value;
    } else if (id === Setting.INITIAL_WINDOW_SIZE) {
      if (value > largestWindow) throw badSetting(ErrorCode.FLOW_CONTROL_ERROR);
      const more = value - this.#peerWindow;
      this.#peerWindow = value;
      const streams = [...this.#streams.values(), ...this.#backlog.map(({ stream }) => stream)];
      for (const stream of streams) if (!stream.allow(more)) throw badSetting(ErrorCode.FLOW_CONTROL_ERROR);
    }
  }

  #ping(flags: number, id: number, payload: Uint8Array): void {
    if (id !== 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "PING on a stream");
    if (payload.byteLength !== 8) throw wrongSize();
    if ((flags & Flag.ACK) === 0) {
      this.#sender.answer(frameHead(8, FrameType.PING, Flag.ACK, 0), Buffer.from(payload));
    }
  }

  #windowUpdate(id: number, payload: Uint8Array): void {
    if (payload.byteLength !== 4) throw wrongSize();
    const more = viewOf(payload).getUint32(0) & 0x7fffffff;
    const stream = id === 0 ? undefined : this.#known(id);
    if (more === 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "window update of nothing");
    if (id === 0) this.#sender.allow(more);
    else if (stream?.allow(more)) this.#sender.wake(stream, false);
    else if (stream !== undefined) this.#reset(stream, ErrorCode.FLOW_CONTROL_ERROR);
  }

  #peerReset(id: number, payload: Uint8Array): void {
    if (payload.byteLength !== 4) throw wrongSize();
    const stream = this.#known(id);
    if (this.#role === "server" && !this.#resets.take()) {
      throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "too many streams reset");
    }
    if (stream !== undefined) this.#finish(stream, { kind: "reset", code: viewOf(payload).getUint32(0) });
  }

  /** Streams that the peer has not seen come to nothing, and there are no new ones. */
  #goAway(id: number, payload: Uint8Array): void {
    if (id !== 0) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "GOAWAY on a stream");
    if (payload.byteLength < 8) throw wrongSize();
    if (this.#role === "server") return;
    this.#state = "leaving";
    const last = viewOf(payload).getUint32(0) & 0x7fffffff;
    const unseen = [...this.#streams.values()].filter((stream) => stream.id > last);
    const waiting = this.#backlog.splice(0).map(({ stream }) => stream);
    for (const stream of [...unseen, ...waiting]) {
      this.#finish(stream, { kind: "reset", code: ErrorCode.REFUSED_STREAM });
    }
    if (this.#streams.size === 0) this.destroy();
  }

  // Streams.

  #newStream(): Http2Stream {
    const owner = {
      wake: (stream: Http2Stream, now: boolean) => this.#sender.wake(stream, now),
      credit: (stream: Http2Stream, size: number, owed: number) => this.#credit(stream, size, owed),
      reset: (stream: Http2Stream, code: number) => this.#reset(stream, code),
    };
    return new Http2Stream(owner, this.#peerWindow, this.#limits.streamWindow);
  }

  /** Sends requests that wait, as many as the peer takes. */
  #begin(): void {
    while (this.#streams.size < this.#peerStreams) {
      const next = this.#backlog.shift();
      if (next === undefined) return;
      const { stream, list } = next;
      stream.id = this.#lastStream === 0 ? 1 : this.#lastStream + 2;
      this.#lastStream = stream.id;
      this.#streams.set(stream.id, stream);
      this.#sender.headers(stream.id, list, false);
      this.#sender.wake(stream, false);
    }
  }

  /** The stream, or undefined when it is over. Throws `Http2Error` for one that has never been. */
  #known(id: number): Http2Stream | undefined {
    const stream = this.#streams.get(id);
    if (stream === undefined && (id === 0 || id % 2 === 0 || id > this.#lastStream)) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "frame on a stream that is not there");
    }
    return stream;
  }

  #remoteEnd(stream: Http2Stream): void {
    if (stream.remoteEnded) return;
    stream.remoteEnded = true;
    stream.listener.ended();
    if (stream.localEnded && !stream.closed) this.#finish(stream, { kind: "done" });
  }

  /** A server's answer is whole. A caller that has not ended its side hears that nobody listens any more. */
  #sentAll(stream: Http2Stream): void {
    if (this.#role === "server" && !stream.remoteEnded) {
      this.#sender.frame(numbersFrame(FrameType.RST_STREAM, stream.id, ErrorCode.NO_ERROR));
      stream.remoteEnded = true;
    }
    if (stream.remoteEnded) this.#finish(stream, { kind: "done" });
  }

  #reset(stream: Http2Stream, code: number): void {
    if (stream.id === 0) this.#backlog = this.#backlog.filter((waiting) => waiting.stream !== stream);
    else this.#sender.frame(numbersFrame(FrameType.RST_STREAM, stream.id, code));
    this.#finish(stream, { kind: "reset", code });
  }

  #finish(stream: Http2Stream, end: StreamEnd): void {
    if (stream.closed) return;
    this.#streams.delete(stream.id);
    this.#held -= stream.held;
    stream.close(end);
    this.#payBack();
    if (this.#role === "client") this.#begin();
    if (this.#state === "leaving" && this.#streams.size === 0) this.destroy();
  }

  // What the peer may send.

  #credit(stream: Http2Stream, size: number, owed: number): void {
    this.#held -= size;
    if (owed > 0) this.#sender.frame(numbersFrame(FrameType.WINDOW_UPDATE, stream.id, owed));
    this.#payBack();
  }

  /** The connection's window opens as bytes come: how many wait to be read is each stream's own affair, up to a sum. */
  #payBack(): void {
    if (this.#owed < this.#limits.connectionWindow / 4 || this.#held > this.#limits.held) return;
    if (this.#state === "closed") return;
    this.#sender.frame(numbersFrame(FrameType.WINDOW_UPDATE, 0, this.#owed));
    this.#receiveWindow += this.#owed;
    this.#owed = 0;
  }
}

function goAway(last: number, code: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(last, 0);
  payload.writeUInt32BE(code, 4);
  return payload;
}

function viewOf(payload: Uint8Array): DataView {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
}

function wrongSize(): Http2Error {
  return new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "frame of a wrong size");
}

function badSetting(code: number): Http2Error {
  return new Http2Error(code, "setting out of range");
}
