import { type FileHandle, open, rm } from "node:fs/promises";
import { CooperError, type Digest, Hasher, type Scope, splitDigest } from "../../kit/index.ts";
import type { BlobWriter, Stored } from "../contract.ts";
import { storageError } from "../errors.ts";

type Expected = { readonly digest: Digest; readonly size?: number };

/** Small chunks are gathered up to this size: each write is a trip to the thread pool. */
const gatherSize = 512 * 1024;

/**
 * Writes one blob to its temporary file and hashes the bytes as they pass. `write` copies small chunks; a large one must
 * stay untouched until the next call returns. Nothing is left of the file when the writer is disposed of uncommitted.
 */
export class DiskBlobWriter implements BlobWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #scope: Scope;
  readonly #expected: Expected | undefined;
  readonly #finish: (stored: Stored) => Stored;
  readonly #hasher: Hasher;
  #gathered: Buffer | undefined;
  #fill = 0;
  #size = 0;
  #position = 0;
  #state: "open" | "committed" | "closed" = "open";

  static async open(
    path: string,
    scope: Scope,
    expected: Expected | undefined,
    finish: (stored: Stored) => Stored,
  ): Promise<DiskBlobWriter> {
    return new DiskBlobWriter(path, await open(path, "wx", 0o644), scope, expected, finish);
  }

  private constructor(
    path: string,
    file: FileHandle,
    scope: Scope,
    expected: Expected | undefined,
    finish: (stored: Stored) => Stored,
  ) {
    this.#path = path;
    this.#file = file;
    this.#scope = scope;
    this.#expected = expected;
    this.#finish = finish;
    this.#hasher = new Hasher(expected === undefined ? "sha256" : splitDigest(expected.digest).algorithm);
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#scope.signal.throwIfAborted();
    this.#size += chunk.byteLength;
    const wanted = this.#expected?.size;
    if (wanted !== undefined && this.#size > wanted) throw this.#wrongSize(`more than ${wanted}`);
    if (this.#fill + chunk.byteLength <= gatherSize) this.#gather(chunk);
    else {
      await this.#flush();
      if (chunk.byteLength < gatherSize) this.#gather(chunk);
      else await this.#writeOut(chunk);
    }
  }

  async commit(): Promise<Stored> {
    await this.#flush();
    this.#scope.signal.throwIfAborted();
    const stored = { digest: this.#hasher.finish(), size: this.#size };
    if (this.#expected?.size !== undefined && this.#expected.size !== stored.size) {
      throw this.#wrongSize(`${stored.size}`);
    }
    if (this.#expected !== undefined && this.#expected.digest !== stored.digest) {
      const message = `cannot store blob: its digest is ${stored.digest}, wanted ${this.#expected.digest}`;
      throw new CooperError("storage/blob-digest", message);
    }
    try {
      await this.#file.close();
      this.#finish(stored);
    } catch (error) {
      throw storageError(`store blob ${stored.digest}`, error);
    }
    this.#state = "committed";
    return stored;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "closed";
    await this.#file.close();
    await rm(this.#path, { force: true });
  }

  #gather(chunk: Uint8Array): void {
    this.#gathered ??= Buffer.allocUnsafe(gatherSize);
    this.#gathered.set(chunk, this.#fill);
    this.#fill += chunk.byteLength;
  }

  async #flush(): Promise<void> {
    if (this.#fill === 0 || this.#gathered === undefined) return;
    const full = this.#gathered.subarray(0, this.#fill);
    this.#fill = 0;
    await this.#writeOut(full);
  }

  /** Hashes while the pool writes. */
  async #writeOut(chunk: Uint8Array): Promise<void> {
    const writing = this.#writeFully(chunk);
    try {
      this.#hasher.update(chunk);
    } finally {
      await writing;
    }
  }

  async #writeFully(chunk: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < chunk.byteLength; ) {
        const { bytesWritten } = await this.#file.write(chunk, at, chunk.byteLength - at, this.#position);
        at += bytesWritten;
        this.#position += bytesWritten;
      }
    } catch (error) {
      throw storageError("store blob", error);
    }
  }

  #wrongSize(size: string): CooperError {
    const message = `cannot store blob ${this.#expected?.digest}: it has ${size} bytes, wanted ${this.#expected?.size}`;
    return new CooperError("storage/blob-size", message);
  }
}
