import { withoutPadding } from "./frame-reader.ts";
import { HeaderDecoder, type HeaderLimits, type HeaderList } from "./hpack.ts";
import { ErrorCode, Flag, FrameType, frameHead, Http2Error } from "./protocol.ts";

/** A header list that has come whole. `last`: the peer sends nothing more on the stream. */
export interface ReceivedHeaders {
  readonly stream: number;
  readonly list: HeaderList;
  readonly last: boolean;
}

/** More frames than this in one list are nothing but work. */
const mostFrames = 1024;

/** Puts header lists together out of HEADERS and CONTINUATION frames, which nothing may interrupt. */
export class HeaderBlocks {
  readonly #decoder: HeaderDecoder;
  readonly #limits: HeaderLimits;
  #open: { readonly stream: number; readonly last: boolean; readonly parts: Uint8Array[]; size: number } | undefined;

  constructor(limits: HeaderLimits) {
    this.#limits = limits;
    this.#decoder = new HeaderDecoder(limits);
  }

  /** Takes any frame but DATA; what it completes. Throws `Http2Error`. */
  take(type: number, flags: number, stream: number, payload: Uint8Array): ReceivedHeaders | undefined {
    const open = this.#open;
    const continues = type === FrameType.CONTINUATION;
    if (open === undefined ? continues : !continues || stream !== open.stream) {
      throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "frames of a header block are out of order");
    }
    if (open === undefined && type !== FrameType.HEADERS) return undefined;
    const block = open ?? { stream, last: (flags & Flag.END_STREAM) !== 0, parts: [], size: 0 };
    block.parts.push(continues ? payload : fragment(flags, payload));
    block.size += payload.byteLength;
    if (block.size > this.#limits.bytes || block.parts.length > mostFrames) {
      throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "header list above the limit");
    }
    this.#open = (flags & Flag.END_HEADERS) === 0 ? block : undefined;
    if (this.#open !== undefined) return undefined;
    return { stream: block.stream, last: block.last, list: this.#decoder.decode(Buffer.concat(block.parts)) };
  }

  /** Whether a list is incomplete: DATA would interrupt it. */
  get busy(): boolean {
    return this.#open !== undefined;
  }
}

function fragment(flags: number, payload: Uint8Array): Uint8Array {
  const content = (flags & Flag.PADDED) === 0 ? payload : withoutPadding(payload);
  if ((flags & Flag.PRIORITY) === 0) return content;
  if (content.byteLength < 5) throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "HEADERS frame too short");
  return content.subarray(5);
}

/** The frames of a header block. */
export function headerFrames(stream: number, block: Buffer, last: boolean, frameSize: number): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < block.byteLength; at += frameSize) {
    const piece = block.subarray(at, at + frameSize);
    const whole = at + frameSize >= block.byteLength ? Flag.END_HEADERS : 0;
    const type = at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
    frames.push(frameHead(piece.byteLength, type, whole | (at === 0 && last ? Flag.END_STREAM : 0), stream), piece);
  }
  return frames;
}
