import type { Scope } from "../../kit/index.ts";
import { sha256 } from "../../kit/index.ts";
import type { Buffers } from "../compress/buffers.ts";
import { throughLanes } from "../compress/compress.ts";
import { Counter } from "../compress/counter.ts";
import { gzipLanes, type MakeLane } from "../compress/gzip.ts";
import type { PackedLayer } from "../contract.ts";
import { blockSize, padding } from "../tar/block.ts";
import { encodeTarHeader, tarEnd } from "../tar/write-header.ts";
import { encodeFooter } from "./footer.ts";
import { membersOf } from "./members.ts";
import { Toc, tocName } from "./toc.ts";

/**
 * `packLayer` for eStargz: the tar as it is, a gzip member per file, then the table of contents as a tar of its own, then the footer. The digest and
 * size of the tar are of all that. Bytes depend on the input, the level and the libraries found.
 */
export async function packEstargz(
  tar: AsyncIterable<Uint8Array>,
  level: number | undefined,
  sink: (chunk: Uint8Array) => Promise<void> | void,
  scope: Pick<Scope, "signal">,
  pieces?: Buffers,
): Promise<PackedLayer> {
  const [inner, outer] = [new Counter(), new Counter()];
  const write = async (chunk: Uint8Array) => {
    scope.signal.throwIfAborted();
    await Promise.all([outer.add(chunk), sink(chunk)]);
  };
  try {
    const toc = new Toc();
    const makeLane = gzipLanes(level);
    const done = (chunk: Uint8Array) => inner.afterwards(() => pieces?.give(chunk));
    const places: number[] = [];
    for await (const member of throughLanes(membersOf(inner.watch(tar), toc, done), makeLane, scope, true)) {
      places.push(outer.size);
      await write(member);
    }
    const [json, tocOffset] = [toc.encode(places), outer.size];
    const last = tocTar(json);
    await inner.add(last);
    await writeWhole(last, makeLane, write);
    await write(encodeFooter(tocOffset));
    const [blob, content] = [await outer.finish(), await inner.finish()];
    return { ...blob, diffId: content.digest, tarSize: content.size, toc: sha256(json) };
  } finally {
    await Promise.all([inner.dispose(), outer.dispose()]);
  }
}

function tocTar(json: Buffer): Buffer {
  const header = { type: "file", name: tocName, mode: 0, uid: 0, gid: 0, size: json.byteLength, mtime: 0n } as const;
  return Buffer.concat([
    encodeTarHeader(header),
    json,
    Buffer.alloc(blockSize, 0).subarray(0, padding(json.length)),
    tarEnd,
  ]);
}

/** In one member, as readers want the table. */
async function writeWhole(
  bytes: Uint8Array,
  makeLane: MakeLane,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  const lane = makeLane((size) => Buffer.allocUnsafeSlow(size));
  try {
    await write(await lane.compress(bytes));
  } finally {
    lane.close();
  }
}
