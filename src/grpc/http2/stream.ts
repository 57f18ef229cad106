import type { HeaderList } from "./hpack.ts";
import { ErrorCode, Http2Error, largestWindow } from "./protocol.ts";

/** How a stream ended: well, by a reset of either side, or with its connection. */
export type StreamEnd =
  | { readonly kind: "done" }
  | { readonly kind: "reset"; readonly code: number }
  | { readonly kind: "lost"; readonly error: unknown };

/** Who hears of what happens on a stream. */
export interface StreamListener {
  /** A response's header fields, or its trailers. */
  headers?(list: HeaderList): void;
  /** A piece of the content, `size` bytes of which count as received until they are said to be `consumed`. */
  data(piece: Uint8Array, size: number): void;
  /** The peer has sent all. */
  ended(): void;
  /** There is room again after `waiting` was high. */
  drained(): void;
  /** It is over. Once, and nothing comes after it. */
  closed(end: StreamEnd): void;
}

/** What a stream needs of its connection. */
export interface StreamOwner {
  /** There is something to send. `now`: it is much, and should not wait for the end of the turn. */
  wake(stream: Http2Stream, now: boolean): void;
  /** `size` bytes are done with, and the stream's window opens by `owed`, which may be 0. */
  credit(stream: Http2Stream, size: number, owed: number): void;
  reset(stream: Http2Stream, code: number): void;
}

/** From so many bytes on, what was written does not wait for more. */
const muchToSend = 64 * 1024;
/** `drained` is said when no more than this waits. */
const lowWater = 512 * 1024;
/** So much is let in again at a time, in parts of the window. */
const creditShare = 4;

/** One call's bytes in both directions. Its owner moves it; others use what is public and say who listens. */
export class Http2Stream {
  /** 0 until it may begin. */
  id = 0;
  listener: StreamListener = nobody;
  /** Of this side: what may still be sent. */
  sendWindow: number;
  localEnded = false;
  remoteEnded = false;
  closed = false;
  /** Waits for its turn to send. */
  queued = false;
  /** Bytes received that nobody has consumed. */
  held = 0;
  readonly #owner: StreamOwner;
  readonly #window: number;
  #receiveWindow: number;
  #owed = 0;
  #pending: Uint8Array[] = [];
  #waiting = 0;
  #full = false;
  #end: { readonly trailers: HeaderList | undefined } | undefined;

  constructor(owner: StreamOwner, sendWindow: number, receiveWindow: number) {
    this.#owner = owner;
    this.sendWindow = sendWindow;
    this.#window = receiveWindow;
    this.#receiveWindow = receiveWindow;
  }

  /** Bytes that were written and have not left the stream. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether more can be written. */
  get writable(): boolean {
    return !this.closed && this.#end === undefined;
  }

  /** Sends the parts, which must stay as they are. After the end they are dropped. */
  write(parts: readonly Uint8Array[]): void {
    if (!this.writable) return;
    for (const part of parts) {
      if (part.byteLength === 0) continue;
      this.#pending.push(part);
      this.#waiting += part.byteLength;
    }
    if (this.#waiting > lowWater) this.#full = true;
    if (this.#waiting > 0) this.#owner.wake(this, this.#waiting >= muchToSend);
  }

  /** Nothing more is written: what waits leaves, then the trailers. */
  end(trailers?: HeaderList): void {
    if (!this.writable) return;
    this.#end = { trailers };
    this.#owner.wake(this, false);
  }

  /** Ends it at once in both directions; what waits is dropped. Harmless after its end. */
  reset(code: number): void {
    if (!this.closed) this.#owner.reset(this, code);
  }

  /** So many received bytes are done with: as many may come. */
  consumed(size: number): void {
    this.held -= size;
    if (this.closed) return;
    this.#owed += size;
    // The connection hears of each, the peer only now and then.
    const enough = this.#owed >= this.#window / creditShare && !this.remoteEnded;
    const owed = enough ? this.#owed : 0;
    if (enough) {
      this.#receiveWindow += owed;
      this.#owed = 0;
    }
    this.#owner.credit(this, size, owed);
  }

  /** For its owner: bytes came. */
  receive(piece: Uint8Array, size: number): void {
    this.#receiveWindow -= size;
    if (this.#receiveWindow < 0) throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "more than the stream's window");
    this.held += size;
    this.listener.data(piece, size);
  }

  /** For its owner: the peer lets more come. False: more than any window holds. */
  allow(more: number): boolean {
    this.sendWindow += more;
    return this.sendWindow <= largestWindow;
  }

  /** For its owner: whether a frame could be sent now. */
  get hasWork(): boolean {
    if (this.closed || this.localEnded) return false;
    return this.#waiting > 0 ? this.sendWindow > 0 : this.#end !== undefined;
  }

  /** For its owner: at most so many bytes of what waits. */
  take(most: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let left = Math.min(most, this.#waiting);
    this.#waiting -= left;
    this.sendWindow -= left;
    let whole = 0;
    for (const part of this.#pending) {
      if (left === 0) break;
      if (part.byteLength > left) {
        taken.push(part.subarray(0, left));
        this.#pending[whole] = part.subarray(left);
        break;
      }
      taken.push(part);
      left -= part.byteLength;
      whole++;
    }
    if (whole > 0) this.#pending.splice(0, whole);
    return taken;
  }

  /** For its owner: how it ends when all that was written has left. */
  get ending(): { readonly trailers: HeaderList | undefined } | undefined {
    return this.#waiting === 0 ? this.#end : undefined;
  }

  /** For its owner, after sending: who wrote much may go on. */
  tellDrained(): void {
    if (!this.#full || this.#waiting > lowWater) return;
    this.#full = false;
    this.listener.drained();
  }

  /** For its owner: it is over. */
  close(end: StreamEnd): void {
    this.closed = true;
    this.#pending = [];
    this.#waiting = 0;
    this.listener.closed(end);
  }
}

const nobody: StreamListener = { data() {}, ended() {}, drained() {}, closed() {} };
