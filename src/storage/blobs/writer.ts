import { type FileHandle, open, rm } from "node:fs/promises";
import { CooperError, type Digest, Hasher, type Scope, settleAll, splitDigest } from "../../kit/index.ts";
import { createPoolHasher, type PoolHasher } from "../../sys/index.ts";
import type { BlobWriter, HashedBlobWriter, Stored } from "../contract.ts";
import { storageError } from "../errors.ts";

type Expected = { readonly digest: Digest; readonly size?: number };

/** Small chunks are gathered up to this size: each write is a trip to the thread pool. */
const gatherSize = 512 * 1024;

/**
 * Writes one blob to its temporary file and hashes the bytes, unless the caller does (`"caller"`). A chunk may be used again as soon as
 * `write` has returned: small ones are copied, and pass behind the caller's back, so that a failure may show in a later call. Nothing is
 * left of the file when the writer is disposed of uncommitted.
 */
export class DiskBlobWriter implements BlobWriter, HashedBlobWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #scope: Scope;
  readonly #expected: Expected | undefined;
  readonly #finish: (stored: Stored) => Stored;
  readonly #hashes: boolean;
  /** Made when there is more than one piece. */
  #hasher: PoolHasher | Hasher | undefined;
  /** A piece is on its way to the file and through the hash, on the thread pool. */
  #passing: Promise<unknown> | undefined;
  /** One is filled while the other passes. */
  readonly #buffers: Buffer[] = [];
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
    this.#hashes = expected !== "caller";
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
      else {
        await this.#pass(chunk);
        await this.#passed();
      }
    }
  }

  async commit(known?: Stored): Promise<Stored> {
    await this.#flush();
    await this.#passed();
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
    const digest = this.#hashes ? (this.#hasher ?? new Hasher(this.#algorithm)).finish() : known?.digest;
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
    await this.#passing?.catch(() => {});
    if (this.#hasher !== undefined && "dispose" in this.#hasher) this.#hasher.dispose();
    await this.#file.close();
    await rm(this.#path, { force: true });
  }

  #gather(chunk: Uint8Array): void {
    this.#gathered ??= this.#buffers.pop() ?? Buffer.allocUnsafe(gatherSize);
    this.#gathered.set(chunk, this.#fill);
    this.#fill += chunk.byteLength;
  }

  async #flush(): Promise<void> {
    const buffer = this.#gathered;
    if (this.#fill === 0 || buffer === undefined) return;
    const full = buffer.subarray(0, this.#fill);
    this.#gathered = undefined;
    this.#fill = 0;
    await this.#pass(full);
    const giveBack = () => this.#buffers.push(buffer);
    this.#passing?.then(giveBack, giveBack);
  }

  /** Starts to write and hash a piece once the one before is through. */
  async #pass(chunk: Uint8Array): Promise<void> {
    await this.#passed();
    const done = settleAll<void>([() => this.#writeFully(chunk), () => this.#hash(chunk)]);
    // Who calls next hears of it.
    done.catch(() => {});
    this.#passing = done;
  }

  async #passed(): Promise<void> {
    const passing = this.#passing;
    if (passing === undefined) return;
    await passing;
    this.#passing = undefined;
  }

  /** A blob of one piece, a document mostly, is hashed at once: the other way has to be prepared. */
  async #hash(chunk: Uint8Array): Promise<void> {
    if (!this.#hashes) return;
    const small = this.#size === chunk.byteLength && chunk.byteLength < gatherSize;
    this.#hasher ??= small || this.#algorithm !== "sha256" ? new Hasher(this.#algorithm) : createPoolHasher();
    await this.#hasher.update(chunk);
  }

  get #algorithm() {
    return this.#expected === undefined ? "sha256" : splitDigest(this.#expected.digest).algorithm;
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
