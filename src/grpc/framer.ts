import { Code } from "./code.ts";
import { rpcError } from "./rpc-error.ts";

const headSize = 5;

/** A message as gRPC frames it: not compressed, its length, its bytes. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(headSize + message.byteLength);
  framed[0] = 0;
  framed.writeUInt32BE(message.byteLength, 1);
  framed.set(message, headSize);
  return framed;
}

/** The frame's head for a message of `size` bytes that follows. */
export function frameHead(size: number): Buffer {
  const head = Buffer.allocUnsafe(headSize);
  head[0] = 0;
  head.writeUInt32BE(size, 1);
  return head;
}

/** A message in the parts in which it came, none of them empty but in an empty message. */
export type MessageParts = readonly [Uint8Array, ...Uint8Array[]];

/** Cuts a stream of chunks into messages: views of the chunks. */
export class Framer {
  readonly #limit: number;
  #parts: Uint8Array[] = [];
  #have = 0;
  #need = headSize;

  /** `limit`: the largest message in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the stream stands between two messages. */
  get atRest(): boolean {
    return this.#have === 0;
  }

  /** The messages that the chunk completes. Throws RESOURCE_EXHAUSTED for one above the limit, UNIMPLEMENTED for a compressed one. */
  push(chunk: Uint8Array): MessageParts[] {
    const messages: MessageParts[] = [];
    const rest = this.#have === 0 ? this.#whole(chunk, messages) : chunk;
    if (rest.byteLength === 0) return messages;
    this.#parts.push(rest);
    this.#have += rest.byteLength;
    while (this.#have >= this.#need) {
      if (this.#need === headSize) this.#need = headSize + this.#sizeAt(this.#joined(headSize), 0);
      if (this.#have < this.#need) break;
      this.#drop(headSize);
      messages.push(this.#take(this.#need - headSize));
      this.#need = headSize;
    }
    return messages;
  }

  /** Messages that are in the chunk from head to end, of which most small ones are; gives what is left of it. */
  #whole(chunk: Uint8Array, messages: MessageParts[]): Uint8Array {
    let at = 0;
    while (chunk.byteLength - at >= headSize) {
      const end = at + headSize + this.#sizeAt(chunk, at);
      if (end > chunk.byteLength) break;
      messages.push([chunk.subarray(at + headSize, end)]);
      at = end;
    }
    return at === 0 ? chunk : chunk.subarray(at);
  }

  #sizeAt(chunk: Uint8Array, at: number): number {
    if (chunk[at] !== 0) throw rpcError(Code.UNIMPLEMENTED, "grpc: compressed messages are not supported");
    const [a, b, c, d] = [chunk[at + 1], chunk[at + 2], chunk[at + 3], chunk[at + 4]] as [
      number,
      number,
      number,
      number,
    ];
    const size = a * 2 ** 24 + ((b << 16) | (c << 8) | d);
    if (size > this.#limit) {
      const sentence = `grpc: received message larger than max (${size} vs. ${this.#limit})`;
      throw rpcError(Code.RESOURCE_EXHAUSTED, sentence);
    }
    return size;
  }

  /** The first chunk, joined with the next ones until it holds `size` bytes. */
  #joined(size: number): Uint8Array {
    const [first] = this.#parts;
    if (first !== undefined && first.byteLength >= size) return first;
    const all = Buffer.concat(this.#parts, this.#have);
    this.#parts = [all];
    return all;
  }

  #drop(size: number): void {
    const first = this.#joined(size);
    this.#have -= size;
    if (first.byteLength === size) this.#parts.shift();
    else this.#parts[0] = first.subarray(size);
  }

  #take(size: number): MessageParts {
    this.#have -= size;
    const [first = noBytes, ...rest] = this.#parts;
    if (first.byteLength > size) {
      this.#parts[0] = first.subarray(size);
      return [first.subarray(0, size)];
    }
    const taken: [Uint8Array, ...Uint8Array[]] = [first];
    let missing = size - first.byteLength;
    for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
      if (missing > 0) taken.push(part.byteLength > missing ? part.subarray(0, missing) : part);
      if (part.byteLength > missing) {
        rest.unshift(missing > 0 ? part.subarray(missing) : part);
        break;
      }
      missing -= part.byteLength;
    }
    this.#parts = rest;
    return taken;
  }
}

const noBytes = new Uint8Array(0);

/** The message in one piece. */
export function joinParts(parts: MessageParts): Uint8Array {
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}
