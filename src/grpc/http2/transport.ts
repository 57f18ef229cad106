import type { Duplex } from "node:stream";

/** Who hears of what happens on a transport. */
export interface Receiver {
  /** The next bytes. They stay as they are. */
  received(chunk: Uint8Array): void;
  /** There is room again after `waiting` was high. */
  drained(): void;
  /** Nothing comes or goes any more. Once. */
  ended(error: unknown): void;
}

/** Bytes in both directions, in order: what a connection runs on. */
export interface Transport {
  /** From now on this one hears of everything, but not before the current turn is over. */
  open(receiver: Receiver): void;
  /** Sends the parts, one after the other. They must stay as they are. After the end they are dropped. */
  write(parts: readonly Uint8Array[]): void;
  /** Bytes that were given and have not left. */
  readonly waiting: number;
  destroy(): void;
}

/** Parts below this size are joined before they are written: a copy of that costs less than one more write. */
const smallPart = 2048;

/** A transport on a socket, or on any stream of bytes. Destroying it destroys the stream. */
export function streamTransport(stream: Duplex): Transport {
  return {
    open(receiver) {
      // What leaves is gathered already: over TCP it shall not wait for more.
      if ("setNoDelay" in stream && typeof stream.setNoDelay === "function") stream.setNoDelay(true);
      let over = false;
      let failure: unknown;
      const end = () => {
        if (over) return;
        over = true;
        receiver.ended(failure);
      };
      stream.on("error", (error) => {
        failure = error;
      });
      stream.on("data", (chunk: Buffer) => {
        if (!over) receiver.received(chunk);
      });
      stream.on("drain", () => receiver.drained());
      stream.once("end", end);
      stream.once("close", end);
      if (stream.destroyed) setImmediate(end);
    },
    write(parts) {
      if (stream.destroyed || stream.writableEnded) return;
      stream.cork();
      for (const part of joinSmall(parts)) stream.write(part);
      stream.uncork();
    },
    get waiting() {
      return stream.writableLength;
    },
    destroy: () => void stream.destroy(),
  };
}

/** The same bytes, with small parts that follow each other in one. */
function joinSmall(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const joined: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const close = () => {
    const [only] = small;
    if (only !== undefined) joined.push(small.length === 1 ? only : Buffer.concat(small));
    small = [];
  };
  for (const part of parts) {
    if (part.byteLength < smallPart) small.push(part);
    else {
      close();
      joined.push(part);
    }
  }
  close();
  return joined;
}
