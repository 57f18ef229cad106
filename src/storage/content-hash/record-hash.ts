import { createHash } from "node:crypto";
import { type Digest, encodeRaw } from "../../kit/index.ts";

const capacity = 64 * 1024;

/**
 * A sha256 over many small fields. Each field is preceded by its length, so no two lists of fields give the same bytes;
 * they are gathered first, because a call of the hash costs more than the field.
 */
export class RecordHash {
  readonly #hash = createHash("sha256");
  readonly #buffer = Buffer.allocUnsafeSlow(capacity);
  #fill = 0;

  /** Raw text. */
  text(field: string): void {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    if (field.length * 3 + 4 > capacity || !field.isWellFormed()) this.bytes(encodeRaw(field));
    else {
      this.#room(field.length * 3 + 4);
      const length = this.#buffer.write(field, this.#fill + 4, "utf8");
      this.#buffer.writeUInt32LE(length, this.#fill);
      this.#fill += 4 + length;
    }
  }

  bytes(field: Uint8Array): void {
    this.#room(4);
    this.#fill = this.#buffer.writeUInt32LE(field.length, this.#fill);
    if (field.length > capacity) {
      this.#flush();
      this.#hash.update(field);
    } else {
      this.#room(field.length);
      this.#buffer.set(field, this.#fill);
      this.#fill += field.length;
    }
  }

  finish(): Digest {
    this.#flush();
    return `sha256:${this.#hash.digest("hex")}`;
  }

  #room(size: number): void {
    if (this.#fill + size > capacity) this.#flush();
  }

  #flush(): void {
    this.#hash.update(this.#buffer.subarray(0, this.#fill));
    this.#fill = 0;
  }
}
