import { mkdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Bytes,
  CooperError,
  collect,
  type Digest,
  errnoOf,
  Hasher,
  type Scope,
  splitDigest,
} from "../../kit/index.ts";
import type { Descriptor } from "../../oci/index.ts";
import type { BlobStore, BlobWriter, HashedBlobWriter, Stored } from "../contract.ts";
import { storageError, told } from "../errors.ts";
import { blobPath, type Layout } from "../layout.ts";
import { DiskBlobWriter } from "./writer.ts";

type Expected = { readonly digest: Digest; readonly size?: number };
type Known = Pick<Descriptor, "digest" | "size">;

/** Largest blob that is read in one piece. */
const wholeLimit = 16 * 1024 * 1024;
/** Up to here a blob is a manifest or config rather than a layer. */
const documentLimit = 256 * 1024;
const chunkSize = 1024 * 1024;

/** Blobs as files, `content/blobs/<alg>/<hex>`. A file's mtime is when it was last used. */
export class DiskBlobs implements BlobStore {
  readonly #layout: Layout;
  readonly #owner: string;
  readonly #touched = new Set<Digest>();
  #count = 0;

  constructor(layout: Layout, owner: string) {
    this.#layout = layout;
    this.#owner = owner;
  }

  async size(digest: Digest): Promise<number | undefined> {
    const path = blobPath(this.#layout, digest);
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    return size === undefined || !this.#touch(digest, path) ? undefined : size;
  }

  async path(digest: Digest): Promise<string> {
    if ((await this.size(digest)) === undefined) throw noBlob(digest);
    return blobPath(this.#layout, digest);
  }

  async *read(descriptor: Known, scope: Scope): Bytes {
    const file = await this.#open(descriptor);
    try {
      for (let left = descriptor.size; left > 0; ) {
        scope.signal.throwIfAborted();
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(chunkSize, left)));
        if (bytesRead === 0) throw wrongSize(descriptor, descriptor.size - left);
        left -= bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  async readAll(descriptor: Known, scope: Scope): Promise<Buffer> {
    const { digest } = descriptor;
    const bytes = await collect(this.read(descriptor, scope), wholeLimit, `blob ${digest}`);
    const actual = new Hasher(splitDigest(digest).algorithm).update(bytes).finish();
    if (actual === digest) return bytes;
    rmSync(blobPath(this.#layout, digest), { force: true });
    throw new CooperError("storage/blob-digest", `cannot use blob ${digest}: its content is ${actual} by now`);
  }

  async put(source: Bytes, scope: Scope, expected?: Expected): Promise<Stored> {
    const known = await this.#alreadyHere(expected, scope);
    if (known !== undefined) {
      await source[Symbol.asyncIterator]().return?.();
      return known;
    }
    await using writer = await this.writer(scope, expected);
    for await (const chunk of source) await writer.write(chunk);
    return await writer.commit();
  }

  writer(scope: Scope, expected?: Expected): Promise<BlobWriter> {
    return this.#writer(scope, expected);
  }

  hashedWriter(scope: Scope): Promise<HashedBlobWriter> {
    return this.#writer(scope, "caller");
  }

  #writer(scope: Scope, expected: Expected | "caller" | undefined): Promise<DiskBlobWriter> {
    const path = join(this.#layout.ingest, `${this.#owner}.${this.#count++}`);
    const finish = (stored: Stored) => this.#moveIn(path, stored);
    return told("store blob", () => DiskBlobWriter.open(path, scope, expected, finish));
  }

  ingestFile(): string {
    return join(this.#layout.ingest, `${this.#owner}.${this.#count++}`);
  }

  adopt(file: string, stored: Stored): Promise<Stored> {
    return told(`store blob ${stored.digest}`, () => {
      const { size } = statSync(file);
      if (size !== stored.size) {
        rmSync(file, { force: true });
        throw wrongSize(stored, size);
      }
      return this.#moveIn(file, stored);
    });
  }

  /** What was noted so far must be noted again at the next use. */
  forgetUses(): void {
    this.#touched.clear();
  }

  /** A document is looked at again, which costs little: an image must not be made of a damaged one. */
  async #alreadyHere(expected: Expected | undefined, scope: Scope): Promise<Stored | undefined> {
    if (expected === undefined) return undefined;
    const size = await this.size(expected.digest);
    if (size === undefined || (expected.size !== undefined && size !== expected.size)) return undefined;
    const stored = { digest: expected.digest, size };
    if (size > documentLimit) return stored;
    return await this.readAll(stored, scope).then(
      () => stored,
      () => undefined,
    );
  }

  async #open(descriptor: Known): Promise<FileHandle> {
    const path = await this.path(descriptor.digest);
    let file: FileHandle;
    try {
      file = await open(path, "r");
    } catch (error) {
      if (errnoOf(error) === "ENOENT") throw noBlob(descriptor.digest);
      throw storageError(`read blob ${descriptor.digest}`, error);
    }
    const { size } = await file.stat();
    if (size === descriptor.size) return file;
    await file.close();
    throw wrongSize(descriptor, size);
  }

  #moveIn(file: string, stored: Stored): Stored {
    const path = blobPath(this.#layout, stored.digest);
    try {
      renameSync(file, path);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      renameSync(file, path);
    }
    this.#touched.add(stored.digest);
    return stored;
  }

  /** Notes the use, once per opening; false when the blob went away just now. */
  #touch(digest: Digest, path: string): boolean {
    if (this.#touched.has(digest)) return true;
    try {
      const now = new Date();
      utimesSync(path, now, now);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return false;
      // A store that can only be read from needs no such note.
    }
    this.#touched.add(digest);
    return true;
  }
}

function noBlob(digest: Digest): CooperError {
  return new CooperError("storage/no-blob", `cannot find blob ${digest} in the store`);
}

function wrongSize(wanted: Known, size: number): CooperError {
  const message = `cannot use blob ${wanted.digest}: it has ${size} bytes, wanted ${wanted.size}`;
  return new CooperError("storage/blob-size", message);
}
