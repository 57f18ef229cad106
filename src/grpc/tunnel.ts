import { setFlagsFromString } from "node:v8";
import type * as control from "./gen/control.ts";
import type { Transport } from "./http2/index.ts";
import type { MessageStream } from "./message-stream.ts";

/** No message carries more. */
const largestPiece = 1024 * 1024;

/**
 * A connection inside a call: what is written to it leaves as `BytesMessage`s, what comes as such goes to its receiver. `end` is
 * called when the connection is over. Before the call's first message.
 */
export function tunnel(
  messages: MessageStream<control.BytesMessage, control.BytesMessage>,
  end: () => void,
): Transport {
  // A transfer hands on gigabytes of buffers, while little else is alive: with its usual limits V8 looks through all of that every
  // ten megabytes, which took a third of a transfer's time. It is the whole process's setting, and harmless to set again.
  setFlagsFromString("--heap-growing-percent=400");
  return {
    open: (receiver) => messages.pipe(receiver),
    write(parts) {
      let piece: Uint8Array[] = [];
      let size = 0;
      const send = () => {
        if (size > 0) void messages.sendParts(bytesFront(1, size), ...piece);
        piece = [];
        size = 0;
      };
      for (const part of parts) {
        if (size + part.byteLength > largestPiece) send();
        piece.push(part);
        size += part.byteLength;
      }
      send();
    },
    get waiting() {
      return messages.waiting;
    },
    destroy: end,
  };
}

/** Tag and length of a `bytes` field, for `sendParts`. */
export function bytesFront(field: number, size: number): Uint8Array {
  const front = [(field << 3) | 2];
  let rest = size;
  for (; rest > 0x7f; rest >>>= 7) front.push((rest & 0x7f) | 0x80);
  front.push(rest);
  return Buffer.from(front);
}
