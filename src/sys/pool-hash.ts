import { type Digest, Hasher } from "../kit/index.ts";
import { type AsyncNative, type Library, openLibrary } from "./library.ts";
import type { Native } from "./native.ts";

/** Chunks smaller than this are hashed at once, on the calling thread: going to another would cost more. */
const worthAThread = 64 * 1024;

/**
 * A running sha256 whose large chunks are hashed on libuv's pool, by the OpenSSL that Node's binary exports; by `node:crypto` on
 * the calling thread where it does not. Each update must have ended before the next begins, and its chunk stay untouched until then.
 */
export interface PoolHasher {
  update(chunk: Uint8Array): Promise<void>;
  /** May be called once. */
  finish(): Digest;
  /** Gives its memory back; needed when `finish` is never called. */
  dispose(): void;
}

interface OpenSsl {
  readonly create: () => unknown;
  readonly free: Native;
  readonly sha256: () => unknown;
  readonly init: Native;
  readonly update: Native;
  readonly updateOnPool: AsyncNative;
  readonly finish: Native;
}

/** What the process exports; like the process itself there is only one. */
let openSsl: OpenSsl | false | undefined;

/** To be given back by `finish` or `dispose`. */
export function createPoolHasher(): PoolHasher {
  openSsl ??= bindOpenSsl(openLibrary(null)) ?? false;
  return (openSsl === false ? undefined : openSslHasher(openSsl)) ?? plainHasher();
}

function bindOpenSsl(library: Library | undefined): OpenSsl | undefined {
  if (library === undefined) return undefined;
  try {
    const update = "int EVP_DigestUpdate(void *, const uint8_t *, size_t)";
    return {
      create: library.bind("void *EVP_MD_CTX_new()") as () => unknown,
      free: library.bind("void EVP_MD_CTX_free(void *)"),
      sha256: library.bind("void *EVP_sha256()") as () => unknown,
      init: library.bind("int EVP_DigestInit_ex(void *, void *, void *)"),
      update: library.bind(update),
      updateOnPool: library.bindAsync(update),
      finish: library.bind("int EVP_DigestFinal_ex(void *, uint8_t *, void *)"),
    };
  } catch {
    return undefined;
  }
}

function openSslHasher(ssl: OpenSsl): PoolHasher | undefined {
  let context = ssl.create() as null;
  if (context === null || ssl.init(context, ssl.sha256() as null, null) !== 1) return undefined;
  const dispose = () => {
    if (context !== null) ssl.free(context);
    context = null as never;
  };
  return {
    async update(chunk) {
      if (chunk.byteLength < worthAThread) ssl.update(context, chunk, chunk.byteLength);
      else await ssl.updateOnPool(context, chunk, chunk.byteLength);
    },
    finish() {
      const bytes = Buffer.alloc(32);
      ssl.finish(context, bytes, null);
      dispose();
      return `sha256:${bytes.toString("hex")}`;
    },
    dispose,
  };
}

function plainHasher(): PoolHasher {
  const hash = new Hasher();
  return {
    async update(chunk) {
      hash.update(chunk);
    },
    finish: () => hash.finish(),
    dispose: () => {},
  };
}
