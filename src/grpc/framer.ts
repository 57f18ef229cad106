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

/** Cuts a stream of chunks into messages. A message that lies in one chunk is a view of it. */
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
  push(chunk: Uint8Array): Uint8Array[] {
    const messages: Uint8Array[] = [];
    this.#parts.push(chunk);
    this.#have += chunk.byteLength;
    while (this.#have >= this.#need) {
      if (this.#need === headSize) this.#readHead();
      if (this.#have < this.#need) break;
      messages.push(this.#take(this.#need).subarray(headSize));
      this.#need = headSize;
    }
    return messages;
  }

  #readHead(): void {
    const head = this.#joined(headSize);
    if (head[0] !== 0) throw rpcError(Code.UNIMPLEMENTED, "grpc: compressed messages are not supported");
    const size = new DataView(head.buffer, head.byteOffset).getUint32(1);
    if (size > this.#limit) {
      const sentence = `grpc: received message larger than max (${size} vs. ${this.#limit})`;
      throw rpcError(Code.RESOURCE_EXHAUSTED, sentence);
    }
    this.#need = headSize + size;
  }

  /** The first chunk, joined with the next ones until it holds `size` bytes. */
  #joined(size: number): Uint8Array {
    const [first] = this.#parts;
    if (first !== undefined && first.byteLength >= size) return first;
    const all = Buffer.concat(this.#parts, this.#have);
    this.#parts = [all];
    return all;
  }

  #take(size: number): Uint8Array {
    const first = this.#joined(size);
    this.#have -= size;
    if (first.byteLength === size) this.#parts.shift();
    else this.#parts[0] = first.subarray(size);
    return first.subarray(0, size);
  }
}
