import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { openLibrary } from "../../sys/index.ts";
import type { MakeLane } from "./gzip.ts";

/** 5 % larger than level 3, and a quarter faster. */
const defaultLevel = 2;

/** Compresses one chunk to a zstd frame with its size and a checksum, on libuv's pool. Levels are zstd's own, 1 to 22. */
export function zstdLanes(level: number | undefined): MakeLane {
  const wanted = Math.min(22, Math.max(-7, level ?? defaultLevel));
  const params = {
    [constants.ZSTD_c_compressionLevel]: wanted,
    [constants.ZSTD_c_contentSizeFlag]: 1,
    [constants.ZSTD_c_checksumFlag]: 1,
  };
  return wholeFrames(params) ?? (() => ({ compress: (chunk) => frame(chunk, params), close: () => {} }));
}

type Params = Readonly<Record<number, number>>;

function frame(chunk: Uint8Array, params: Params): Promise<Uint8Array> {
  const chunkSize = chunk.byteLength + (chunk.byteLength >> 7) + 1024;
  return promisify(zstdCompress)(chunk, { chunkSize, pledgedSrcSize: chunk.byteLength, params });
}

/**
 * Node's binary exports the zstd library in it. Its own way in is the streaming one, which first copies all into a window and
 * then searches that in two halves: a third more work than a whole frame from one buffer to another. Undefined where it does not.
 */
function wholeFrames(params: Params): MakeLane | undefined {
  const node = openLibrary(null);
  if (node === undefined) return undefined;
  try {
    const create = node.bind("void *ZSTD_createCCtx()");
    const free = node.bind("size_t ZSTD_freeCCtx(void *)");
    const set = node.bind("size_t ZSTD_CCtx_setParameter(void *, int, int)");
    const bound = node.bind("size_t ZSTD_compressBound(size_t)");
    const isError = node.bind("unsigned int ZSTD_isError(size_t)");
    const compress = node.bindAsync("size_t ZSTD_compress2(void *, uint8_t *, size_t, const uint8_t *, size_t)");
    return (output) => {
      const context = create() as unknown as null;
      if (context === null) throw new Error("ZSTD_createCCtx found no memory");
      for (const [name, value] of Object.entries(params)) set(context, Number(name), value);
      return {
        async compress(chunk) {
          const target = output(Number(bound(chunk.byteLength)));
          const size = await compress(context, target, target.byteLength, chunk, chunk.byteLength);
          if (isError(size) !== 0) throw new Error("ZSTD_compress2 failed");
          return target.subarray(0, Number(size));
        },
        close: () => void free(context),
      };
    };
  } catch {
    return undefined;
  }
}
