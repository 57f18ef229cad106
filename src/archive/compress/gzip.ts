import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { openLibrary } from "../../sys/index.ts";
import { IsalDeflater, loadIsal } from "./isal.ts";

/** Compresses one chunk at a time, each to a gzip member or zstd frame of its own. */
export interface Lane {
  compress(chunk: Uint8Array): Promise<Uint8Array>;
  /** Gives its memory back; no call may be under way. */
  close(): void;
}
/** A new lane. `output` gives it room of at least that many bytes for each result. */
export type MakeLane = (output: (size: number) => Uint8Array) => Lane;

/** ISA-L's level when none is asked for: 1 % larger than its best, and a third faster. */
const isalDefault = 2;
/**
 * Less than this goes through level 3: ISA-L 2.30's levels 1 and 2 do not always give the same bytes for the same small input (one in two thousand
 * of 60 bytes, one in thirty thousand of 8 KB, none of 1 MB); its level 3 does.
 */
const smallInput = 256 * 1024;

/**
 * Makes compressors for one lane each. Levels have gzip's numbers: none and 1 to 6 use ISA-L where it is, 7 to 9 libdeflate, zlib is
 * the fallback. All write upstream's header: no name, no time, how hard it was tried, OS 255.
 */
export function gzipLanes(level: number | undefined): MakeLane {
  const isal = level === undefined || (level >= 1 && level <= 6) ? loadIsal() : undefined;
  if (isal !== undefined) {
    const isalLevel = level === undefined ? isalDefault : level <= 1 ? 1 : level <= 3 ? 2 : 3;
    return (output) => {
      const deflater = new IsalDeflater(isal);
      const levelFor = (chunk: Uint8Array) => (chunk.byteLength < smallInput ? 3 : isalLevel);
      const compress = async (chunk: Uint8Array) =>
        withHeader(await deflater.compress(chunk, levelFor(chunk), output), level);
      return { compress, close: () => {} };
    };
  }
  return libdeflateLanes(level ?? 6) ?? (() => ({ compress: (chunk) => zlibMember(chunk, level), close: () => {} }));
}

function libdeflateLanes(level: number): MakeLane | undefined {
  const library = level < 0 ? undefined : openLibrary("libdeflate.so.0");
  if (library === undefined) return undefined;
  const create = library.bind("void *libdeflate_alloc_compressor(int)");
  const free = library.bind("void libdeflate_free_compressor(void *)");
  const compress = library.bindAsync(
    "size_t libdeflate_gzip_compress(void *, const uint8_t *, size_t, uint8_t *, size_t)",
  );
  const bound = library.bind("size_t libdeflate_gzip_compress_bound(void *, size_t)");
  return (output) => {
    const compressor = create(level) as never;
    return {
      async compress(chunk) {
        const target = output(Number(bound(compressor, chunk.byteLength)));
        const size = Number(await compress(compressor, chunk, chunk.byteLength, target, target.length));
        if (size === 0) throw new Error("libdeflate_gzip_compress had too little room");
        return withHeader(target.subarray(0, size), level);
      },
      close: () => void free(compressor),
    };
  };
}

async function zlibMember(chunk: Uint8Array, level: number | undefined): Promise<Uint8Array> {
  const options = { chunkSize: chunk.byteLength + (chunk.byteLength >> 10) + 1024 };
  return withHeader(await promisify(gzip)(chunk, level === undefined ? options : { ...options, level }), level);
}

/** RFC 1952, 2.3.1: XFL is 2 for the level that compresses most and 4 for the quickest; OS 255 is none in particular. */
function withHeader(member: Uint8Array, level: number | undefined): Uint8Array {
  member[8] = level === 9 ? 2 : level === 1 ? 4 : 0;
  member[9] = 0xff;
  return member;
}
