import { headerFrames } from "./header-blocks.ts";
import { encodeHeaders, type HeaderList } from "./hpack.ts";
import {
  defaultWindow,
  ErrorCode,
  Flag,
  FrameType,
  frameHead,
  Http2Error,
  largestWindow,
  leastFrameSize,
} from "./protocol.ts";
import type { Http2Stream } from "./stream.ts";
import type { Transport } from "./transport.ts";

/** When more than this waits on the transport, streams keep their bytes. */
const highWater = 1024 * 1024;
/** Answers to a peer's frames wait no further than this: it asks and does not read. */
const mostAnswers = 4 * 1024 * 1024;
/** Frames that leave before the end of the turn when there are so many bytes of them. */
const muchToSend = 256 * 1024;
/** No frame of content is larger, even when the peer would take it: others want their turn. */
const largestFrame = 128 * 1024;

/**
 * The sending half of a connection: frames gather during a turn of the event loop and leave together; streams that have something
 * take turns, as far as the peer's windows and the transport let them.
 */
export class Sender {
  /** What the peer's settings say. */
  frameSize = leastFrameSize;
  readonly #transport: Transport;
  readonly #sent: (stream: Http2Stream) => void;
  #window = defaultWindow;
  #out: Uint8Array[] = [];
  #size = 0;
  #turn: NodeJS.Immediate | undefined;
  #ready: Http2Stream[] = [];

  /** `sent`: a stream's last frame is on its way. */
  constructor(transport: Transport, sent: (stream: Http2Stream) => void) {
    this.#transport = transport;
    this.#sent = sent;
  }

  /** Sends a frame that no window holds back. */
  frame(...parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      this.#out.push(part);
      this.#size += part.byteLength;
    }
    this.#turn ??= setImmediate(() => this.flush());
  }

  /** Sends what the peer's frame asked for. Throws `Http2Error` when it does not read its answers. */
  answer(...parts: readonly Uint8Array[]): void {
    if (this.#size + this.#transport.waiting > mostAnswers) {
      throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "answers are not read");
    }
    this.frame(...parts);
  }

  headers(stream: number, list: HeaderList, last: boolean): void {
    this.frame(...headerFrames(stream, encodeHeaders(list), last, this.frameSize));
  }

  /** The stream has something to send. */
  wake(stream: Http2Stream, now: boolean): void {
    if (stream.id === 0) return;
    if (!stream.queued && stream.hasWork) {
      stream.queued = true;
      this.#ready.push(stream);
    }
    if (now) this.flush();
    else this.#turn ??= setImmediate(() => this.flush());
  }

  /** The peer lets more come on the connection. Throws `Http2Error`. */
  allow(more: number): void {
    this.#window += more;
    if (this.#window > largestWindow) throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "window above 2^31-1");
    this.flush();
  }

  /** Sends all that may be sent now. */
  flush(): void {
    if (this.#turn !== undefined) clearImmediate(this.#turn);
    this.#turn = undefined;
    const served = this.#fill();
    this.#write();
    for (const stream of served) stream.tellDrained();
  }

  #write(): void {
    if (this.#out.length === 0) return;
    const out = this.#out;
    this.#out = [];
    this.#size = 0;
    this.#transport.write(out);
  }

  #fill(): Set<Http2Stream> {
    const served = new Set<Http2Stream>();
    let stuck = 0;
    while (this.#ready.length > stuck && this.#size + this.#transport.waiting < highWater) {
      const stream = this.#ready.shift() as Http2Stream;
      const waits = stream.hasWork && stream.waiting > 0 && this.#window <= 0;
      if (waits) stuck++;
      else if (stream.hasWork) {
        this.#frameOf(stream);
        served.add(stream);
      }
      stream.queued = stream.hasWork;
      if (stream.queued) this.#ready.push(stream);
      if (this.#size > muchToSend) this.#write();
    }
    return served;
  }

  /** The stream's next frame, and its trailers when that was all. */
  #frameOf(stream: Http2Stream): void {
    const most = Math.min(stream.sendWindow, this.#window, this.frameSize, largestFrame);
    const parts = stream.take(Math.max(most, 0));
    const size = parts.reduce((sum, part) => sum + part.byteLength, 0);
    this.#window -= size;
    const { ending } = stream;
    const last = ending !== undefined && ending.trailers === undefined;
    if (size > 0 || last) this.frame(frameHead(size, FrameType.DATA, last ? Flag.END_STREAM : 0, stream.id), ...parts);
    if (ending === undefined) return;
    if (ending.trailers !== undefined) this.headers(stream.id, ending.trailers, true);
    stream.localEnded = true;
    this.#sent(stream);
  }
}
