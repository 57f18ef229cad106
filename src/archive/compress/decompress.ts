import { Readable } from "node:stream";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import { type Bytes, CooperError, messageOf, type Scope } from "../../kit/index.ts";
import type { StreamCompression } from "../contract.ts";
import type { Buffers } from "./buffers.ts";
import { type Isal, IsalInflater, loadIsal } from "./isal.ts";
import { ahead, rechunk } from "./ordered.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/** Size of the pieces that come out; some are shorter. */
export const outputSize = 1024 * 1024;
const inputSize = 256 * 1024;

/** What the first bytes (four are enough) of a layer blob say. */
export function detectCompression(head: Uint8Array): StreamCompression {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 0x08) return "gzip";
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return "zstd";
  // A skippable frame may come first.
  const skippable =
    head[0] !== undefined && (head[0] & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;
  return skippable ? "zstd" : "uncompressed";
}

/**
 * The uncompressed bytes of a layer blob, whatever its compression, found by its first bytes. Works ahead of the consumer on pool
 * threads. Throws `archive/corrupt` for damaged or cut input. It does not limit the output: who consumes it does.
 */
export function decompress(source: Bytes, scope: Pick<Scope, "signal">): AsyncGenerator<Uint8Array> {
  return decompressInto({ take: () => Buffer.allocUnsafeSlow(outputSize) }, source, scope);
}

/** `decompress`, into buffers of `outputSize` where that can be chosen. */
export async function* decompressInto(
  buffers: Pick<Buffers, "take">,
  source: Bytes,
  scope: Pick<Scope, "signal">,
): AsyncGenerator<Uint8Array> {
  // ISA-L has read a chunk when it asks for the next, so one buffer does; Node's streams keep some.
  let same: Buffer<ArrayBuffer> | undefined;
  const input = rechunk(source, inputSize, () => same ?? Buffer.allocUnsafeSlow(inputSize));
  try {
    const first = await input.next();
    if (first.done === true) return;
    const kind = detectCompression(first.value);
    const whole = startingWith(first.value, input);
    const isal = kind === "gzip" ? loadIsal() : undefined;
    if (isal !== undefined) same = Buffer.allocUnsafeSlow(inputSize);
    let output: Bytes = whole;
    if (isal !== undefined) output = isalGunzip(whole, isal, buffers);
    else if (kind !== "uncompressed") output = throughNode(whole, kind);
    for await (const chunk of ahead(output, 2)) {
      scope.signal.throwIfAborted();
      yield chunk;
    }
  } finally {
    await input.return(undefined);
  }
}

async function* startingWith(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

async function* isalGunzip(source: Bytes, isal: Isal, buffers: Pick<Buffers, "take">): AsyncGenerator<Uint8Array> {
  const inflater = new IsalInflater(isal);
  let atMemberStart = false;
  for await (const chunk of source) {
    inflater.give(chunk);
    if (atMemberStart) inflater.nextMember();
    atMemberStart = false;
    for (;;) {
      const output = buffers.take();
      const size = await inflater.inflateInto(output);
      if (size === undefined) throw corrupt("gzip");
      if (size > 0) yield output.subarray(0, size);
      if (inflater.finished && inflater.inputLeft > 0) inflater.nextMember();
      else if (size < outputSize) break;
    }
    atMemberStart = inflater.finished;
  }
  if (!atMemberStart) throw corrupt("gzip");
}

/** Through Node's own zlib and zstd streams; both take several members or frames in a row. */
async function* throughNode(source: Bytes, kind: "gzip" | "zstd"): AsyncGenerator<Uint8Array> {
  const frames = kind === "zstd" ? new ZstdFrames() : undefined;
  const options = { chunkSize: outputSize };
  const stream = kind === "gzip" ? createGunzip(options) : createZstdDecompress({ ...options, params: largestWindow });
  const input = Readable.from(frames === undefined ? source : watched(source, frames), { objectMode: false });
  let failed: unknown;
  input.on("error", (error) => {
    failed = error;
    stream.destroy(error);
  });
  try {
    yield* input.pipe(stream);
  } catch (cause) {
    if (failed !== undefined) throw failed;
    throw corrupt(kind, cause);
  } finally {
    input.destroy();
    stream.destroy();
  }
  if (frames?.complete === false) throw corrupt(kind);
}

/** 128 MiB: what the zstd command takes without being asked for more. */
const largestWindow = { [constants.ZSTD_d_windowLogMax]: 27 };

async function* watched(source: Bytes, frames: ZstdFrames): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    frames.write(chunk);
    yield chunk;
  }
}

function corrupt(kind: string, cause?: unknown): CooperError {
  const why = cause === undefined ? "damaged or cut short" : messageOf(cause);
  return new CooperError("archive/corrupt", `cannot decompress ${kind} layer: ${why}`, { cause });
}
