import { ErrorCode, Flag, FrameType, frameHeadSize, Http2Error } from "./protocol.ts";

/** Who gets the frames. What they throw goes through `push`. */
export interface FrameSink {
  /** A piece of a DATA frame's content, a view of what came; `size` bytes count for the windows, padding included. */
  data(stream: number, piece: Uint8Array, size: number): void;
  /** A DATA frame has ended. */
  dataEnd(stream: number, last: boolean): void;
  /** Any other frame, whole. */
  frame(type: number, flags: number, stream: number, payload: Uint8Array): void;
}

/**
 * Cuts what comes on a connection into frames. Content of DATA goes on in the pieces in which it came, all else when it is
 * whole. Throws `Http2Error` for a frame above the limit.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #limit: number;
  readonly #head = Buffer.alloc(frameHeadSize);
  #headSize = 0;
  #type = 0;
  #flags = 0;
  #stream = 0;
  /** Of the payload, still to come; negative: between frames. */
  #missing = -1;
  #parts: Uint8Array[] = [];

  constructor(sink: FrameSink, limit: number) {
    this.#sink = sink;
    this.#limit = limit;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength || this.#missing === 0; ) {
      if (this.#missing < 0) at = this.#takeHead(chunk, at);
      else at = this.#takePayload(chunk, at);
    }
  }

  #takeHead(chunk: Uint8Array, at: number): number {
    const piece = chunk.subarray(at, at + frameHeadSize - this.#headSize);
    this.#head.set(piece, this.#headSize);
    this.#headSize += piece.byteLength;
    if (this.#headSize < frameHeadSize) return at + piece.byteLength;
    this.#headSize = 0;
    this.#missing = this.#head.readUIntBE(0, 3);
    this.#type = this.#head[3] as number;
    this.#flags = this.#head[4] as number;
    this.#stream = this.#head.readUInt32BE(5) & 0x7fffffff;
    if (this.#missing > this.#limit) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "frame above the limit");
    return at + piece.byteLength;
  }

  #takePayload(chunk: Uint8Array, at: number): number {
    const piece = chunk.subarray(at, at + this.#missing);
    this.#missing -= piece.byteLength;
    if (this.#type === FrameType.DATA && (this.#flags & Flag.PADDED) === 0) {
      if (piece.byteLength > 0) this.#sink.data(this.#stream, piece, piece.byteLength);
      if (this.#missing === 0) {
        this.#missing = -1;
        this.#sink.dataEnd(this.#stream, this.#isLast);
      }
      return at + piece.byteLength;
    }
    this.#parts.push(piece);
    if (this.#missing === 0) {
      const [first = piece] = this.#parts;
      const payload = this.#parts.length === 1 ? first : Buffer.concat(this.#parts);
      this.#parts = [];
      this.#missing = -1;
      this.#deliver(payload);
    }
    return at + piece.byteLength;
  }

  get #isLast(): boolean {
    return (this.#flags & Flag.END_STREAM) !== 0;
  }

  #deliver(payload: Uint8Array): void {
    if (this.#type !== FrameType.DATA) {
      this.#sink.frame(this.#type, this.#flags, this.#stream, payload);
      return;
    }
    this.#sink.data(this.#stream, withoutPadding(payload), payload.byteLength);
    this.#sink.dataEnd(this.#stream, this.#isLast);
  }
}

/** The content of a frame that has the flag PADDED: its first byte says how much at its end is none. */
export function withoutPadding(payload: Uint8Array): Uint8Array {
  const [padding = 0] = payload;
  if (payload.byteLength <= padding) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "padding above the frame");
  return payload.subarray(1, payload.byteLength - padding);
}
