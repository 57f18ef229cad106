import { Duplex } from "node:stream";
import { setFlagsFromString } from "node:v8";
import type * as control from "./gen/control.ts";
import type { MessageStream } from "./message-stream.ts";

/**
 * A connection inside a call: what is written to it leaves as `BytesMessage`s, what comes as such can be read from it. `end`
 * is called when this side has written all, or is destroyed.
 */
export function tunnel(messages: MessageStream<control.BytesMessage, control.BytesMessage>, end: () => void): Duplex {
  let reading = false;
  // A transfer hands on gigabytes of buffers, while little else is alive: with its usual limits V8 looks through all of that every
  // ten megabytes, which took a third of a transfer's time. It is the whole process's setting, and harmless to set again.
  setFlagsFromString("--heap-growing-percent=400");
  messages.unwrap();
  const duplex: Duplex = new Duplex({
    allowHalfOpen: true,
    highWaterMark: 1024 * 1024,
    read() {
      if (!reading) void pump();
    },
    write(chunk: Buffer, _encoding, done) {
      const wait = messages.sendParts(bytesFront(1, chunk.byteLength), chunk);
      if (wait === undefined) done();
      else wait.then(() => done(), done);
    },
    writev(chunks, done) {
      const parts = chunks.map(({ chunk }) => chunk as Buffer);
      const all = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
      const wait = messages.sendParts(bytesFront(1, all.byteLength), all);
      if (wait === undefined) done();
      else wait.then(() => done(), done);
    },
    final(done) {
      end();
      done();
    },
    destroy(error, done) {
      end();
      done(error);
    },
  });
  const pump = async () => {
    reading = true;
    try {
      for (let more = true; more; ) {
        const batch = await messages.readParts();
        if (batch === undefined) {
          duplex.push(null);
          return;
        }
        for (const pieces of batch) for (const data of pieces) more = duplex.push(data) && more;
      }
    } catch (error) {
      duplex.destroy(error instanceof Error ? error : new Error(String(error)));
    } finally {
      reading = false;
    }
  };
  return duplex;
}

/** Tag and length of a `bytes` field, for `sendParts`. */
export function bytesFront(field: number, size: number): Uint8Array {
  const front = [(field << 3) | 2];
  let rest = size;
  for (; rest > 0x7f; rest >>>= 7) front.push((rest & 0x7f) | 0x80);
  front.push(rest);
  return Buffer.from(front);
}
