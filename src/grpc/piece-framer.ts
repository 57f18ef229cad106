import { Code } from "./code.ts";
import { rpcError } from "./rpc-error.ts";

/** Tag of field 1 with bytes in it. */
const bytesField = 0x0a;
/** A message's head is five bytes, a field's at most a tag and ten more. */
const headSize = 5;

/**
 * Cuts a stream of framed `BytesMessage`s into the bytes that they carry, as views of what came: where one message ends and the
 * next begins does not show, and nothing is copied.
 */
export class PieceFramer {
  readonly #limit: number;
  #head: number[] = [];
  /** Bytes of the message, and of the field's value, that are still to come. */
  #message = 0;
  #value = 0;

  /** `limit`: the largest message in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the stream stands between two messages. */
  get atRest(): boolean {
    return this.#message === 0 && this.#head.length === 0;
  }

  /** The pieces in the chunk. Throws as `Framer` does, and INTERNAL for a message that has other fields. */
  push(chunk: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < chunk.byteLength; ) {
      if (this.#value > 0) {
        const piece = chunk.subarray(at, at + this.#value);
        pieces.push(piece);
        at += piece.byteLength;
        this.#value -= piece.byteLength;
        this.#message -= piece.byteLength;
      } else this.#takeHeadByte(chunk[at++] as number);
    }
    return pieces;
  }

  #takeHeadByte(byte: number): void {
    this.#head.push(byte);
    if (this.#message > 0) this.#readField(byte);
    else if (this.#head.length === headSize) this.#readMessageHead();
  }

  #readMessageHead(): void {
    const [compressed, ...bytes] = this.#head;
    const size = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    if (compressed !== 0) throw rpcError(Code.UNIMPLEMENTED, "grpc: compressed messages are not supported");
    if (size > this.#limit) {
      const sentence = `grpc: received message larger than max (${size} vs. ${this.#limit})`;
      throw rpcError(Code.RESOURCE_EXHAUSTED, sentence);
    }
    this.#head = [];
    this.#message = size;
  }

  #readField(byte: number): void {
    this.#message--;
    const [tag, ...length] = this.#head;
    if (tag !== bytesField || length.length > 5) throw malformed();
    if (length.length === 0 || byte > 0x7f) {
      if (this.#message === 0) throw malformed();
      return;
    }
    this.#value = length.reduce((sum, digit, index) => sum + (digit & 0x7f) * 128 ** index, 0);
    this.#head = [];
    if (this.#value > this.#message) throw malformed();
  }
}

function malformed() {
  return rpcError(Code.INTERNAL, "grpc: failed to unmarshal the received message: not a BytesMessage");
}
