import { type FileHandle, open, rm } from "node:fs/promises";
import { CooperError, type Digest, Hasher, type Scope, splitDigest } from "../../kit/index.ts";
import type { BlobWriter, HashedBlobWriter, Stored } from "../contract.ts";
import { storageError } from "../errors.ts";

type Expected = { readonly digest: Digest; readonly size?: number };

/** Small chunks are gathered up to this size: each write is a trip to the thread pool. */
const gatherSize = 512 * 1024;

/**
 * Writes one blob to its temporary file and hashes the bytes as they pass, unless the caller does (`"caller"`). `write` copies small chunks; a large one must
 * stay untouched until the next call returns. Nothing is left of the file when the writer is disposed of uncommitted.
 */
export class DiskBlobWriter implements BlobWriter, HashedBlobWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #scope: Scope;
  readonly #expected: Expected | undefined;
  readonly #finish: (stored: Stored) => Stored;
  readonly #hasher: Hasher | undefined;
  #gathered: Buffer | undefined;
  #fill = 0;
  #size = 0;
  #position = 0;
  #state: "open" | "committed" | "closed" = "open";

  static async open(
    path: string,
    scope: Scope,
    expected: Expected | "caller" | undefined,
    finish: (stored: Stored) => Stored,
  ): Promise<DiskBlobWriter> {
    return new DiskBlobWriter(path, await open(path, "wx", 0o644), scope, expected, finish);
  }

  private constructor(
    path: string,
    file: FileHandle,
    scope: Scope,
    expected: Expected | "caller" | undefined,
    finish: (stored: Stored) => Stored,
  ) {
    this.#path = path;
    this.#file = file;
    this.#scope = scope;
    this.#expected = expected === "caller" ? undefined : expected;
    this.#finish = finish;
    const algorithm = this.#expected === undefined ? "sha256" : splitDigest(this.#expected.digest).algorithm;
    this.#hasher = expected === "caller" ? undefined : new Hasher(algorithm);
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#scope.signal.throwIfAborted();
    this.#size += chunk.byteLength;
    const wanted = this.#expected;
    if (wanted?.size !== undefined && this.#size > wanted.size) throw wrongSize(wanted, `more than ${wanted.size}`);
    if (this.#fill + chunk.byteLength <= gatherSize) this.#gather(chunk);
    else {
      await this.#flush();
      if (chunk.byteLength < gatherSize) this.#gather(chunk);
      else await this.#writeOut(chunk);
    }
  }

  async commit(known?: Stored): Promise<Stored> {
    await this.#flush();
    this.#scope.signal.throwIfAborted();
    const stored = this.#verified(known);
    try {
      await this.#file.close();
      this.#finish(stored);
    } catch (error) {
      throw storageError(`store blob ${stored.digest}`, error);
    }
    this.#state = "committed";
    return stored;
  }

  #verified(known: Stored | undefined): Stored {
    const wanted = known ?? this.#expected;
    if (wanted?.size !== undefined && wanted.size !== this.#size) throw wrongSize(wanted, `${this.#size}`);
    const digest = this.#hasher?.finish() ?? known?.digest;
    if (digest === undefined) throw new TypeError("a blob that the caller hashes needs the caller's digest");
    if (wanted !== undefined && wanted.digest !== digest) {
      const message = `cannot store blob: its digest is ${digest}, wanted ${wanted.digest}`;
      throw new CooperError("storage/blob-digest", message);
    }
    return { digest, size: this.#size };
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
      this.#hasher?.update(chunk);
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
}

function wrongSize(wanted: Expected, size: string): CooperError {
  const message = `cannot store blob ${wanted.digest}: it has ${size} bytes, wanted ${wanted.size}`;
  return new CooperError("storage/blob-size", message);
}
