import { writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { bytesOf, collect, sha256 } from "../../kit/index.ts";
import { packLayer } from "../compress/pack-layer.ts";
import type { PackedLayer, TarSource } from "../contract.ts";
import { pieceBuffers, tarStream } from "../tar/tar-stream.ts";
import { file, headerOf, inPieces, never, testFolder } from "../testing/index.ts";
import { footerSize, parseFooter } from "./footer.ts";
import { plainTarOf } from "./plain-tar.ts";

const folder = testFolder();
/** Two whole pieces of 4 MiB and a rest; and exactly one. */
const large = Buffer.alloc(9 * 1024 * 1024, "0123456789abcde\n");
const exact = Buffer.alloc(4 * 1024 * 1024, "fedcba9876543210");
const time = 1_600_000_000_500_000_000n;

const entries: readonly TarSource[] = [
  { header: headerOf({ name: "bin/", type: "directory", mode: 0o755 }) },
  file("bin/tool", "hello\n", { mode: 0o4755, uid: 7, gid: 8, mtime: time }),
  file("empty", ""),
  { header: headerOf({ name: "exact", size: exact.byteLength }), body: { bytes: exact } },
  { header: headerOf({ name: "large", size: large.byteLength }), body: { bytes: large } },
  { header: headerOf({ name: "link", type: "symlink", linkName: "bin/tool", mode: 0o777 }) },
  { header: headerOf({ name: "hard", type: "hardlink", linkName: "bin/tool" }) },
  { header: headerOf({ name: "tty", type: "character", device: { major: 5, minor: 1 } }) },
  file("caps<&>", "x", { xattrs: new Map([["security.capability", Buffer.from([1, 0, 255])]]) }),
  file("last", "the end"),
];

async function pack(source: AsyncIterable<Uint8Array>, level?: number): Promise<PackedLayer & { blob: Buffer }> {
  const parts: Uint8Array[] = [];
  const choice = { kind: "estargz" as const, ...(level !== undefined && { level }) };
  const packed = await packLayer(source, choice, (chunk) => void parts.push(Buffer.from(chunk)), never);
  return { ...packed, blob: Buffer.concat(parts) };
}

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly offset?: number;
  readonly chunkOffset?: number;
  readonly chunkSize?: number;
  readonly chunkDigest?: string;
  readonly digest?: string;
}

const tar = await collect(tarStream(entries, never), 1e9);
const packed = await pack(bytesOf(tar));
const tocOffset = parseFooter(packed.blob.subarray(-footerSize)) ?? 0;
const tocTar = gunzipSync(packed.blob.subarray(tocOffset, -footerSize));
const json = tocTar.subarray(512, 512 + Number.parseInt(tocTar.toString("latin1", 124, 135), 8));
const toc: { version: number; entries: Entry[] } = JSON.parse(json.toString());

describe("an eStargz layer", () => {
  test("is gzip: what comes out is the tar, byte for byte, and then the table's", () => {
    const whole = gunzipSync(packed.blob);
    expect(whole.equals(Buffer.concat([tar, tocTar]))).toBe(true);
    expect(packed).toMatchObject({
      digest: sha256(packed.blob),
      size: packed.blob.byteLength,
      diffId: sha256(whole),
      tarSize: whole.byteLength,
      toc: sha256(json),
    });
  });

  test("has each file's bytes at the beginning of a member, in pieces of 4 MiB", () => {
    const found = new Map<string, Buffer[]>();
    const pieces = toc.entries.filter(({ offset }) => offset !== undefined);
    for (const [at, { name, offset = 0, chunkOffset = 0, chunkSize, chunkDigest }] of pieces.entries()) {
      const size = sizes.get(name) ?? 0;
      const bytes = gunzipSync(packed.blob.subarray(offset, pieces[at + 1]?.offset ?? tocOffset));
      const piece = bytes.subarray(0, chunkSize ?? size - chunkOffset);
      expect(sha256(piece)).toBe(chunkDigest);
      found.set(name, [...(found.get(name) ?? []), piece]);
    }
    expect([...found].map(([name, parts]) => [name, parts.length])).toEqual([
      ["bin/tool", 1],
      ["exact", 1],
      ["large", 3],
      ["caps<&>", 1],
      ["last", 1],
    ]);
    expect(Buffer.concat(found.get("large") ?? []).equals(large)).toBe(true);
    for (const [name, parts] of found) {
      expect(toc.entries.find((entry) => entry.name === name)?.digest).toBe(sha256(Buffer.concat(parts)));
    }
  });

  test("tells in its table what the headers say", () => {
    const bare = toc.entries.map(({ offset: _, digest: _d, chunkDigest: _c, ...entry }) => entry);
    expect(toc.version).toBe(1);
    expect(bare).toEqual([
      { name: "bin/", type: "dir", mode: 0o755 },
      { name: "bin/tool", type: "reg", size: 6, modtime: "2020-09-13T12:26:40Z", mode: 0o4755, uid: 7, gid: 8 },
      { name: "empty", type: "reg", mode: 0o644 },
      { name: "exact", type: "reg", size: exact.byteLength, mode: 0o644, chunkSize: 4194304 },
      { name: "large", type: "reg", size: large.byteLength, mode: 0o644, chunkSize: 4194304 },
      { name: "large", type: "chunk", chunkOffset: 4194304, chunkSize: 4194304 },
      { name: "large", type: "chunk", chunkOffset: 8388608 },
      { name: "link", type: "symlink", linkName: "bin/tool", mode: 0o777 },
      { name: "hard", type: "hardlink", linkName: "bin/tool", mode: 0o644 },
      { name: "tty", type: "char", mode: 0o644, devMajor: 5, devMinor: 1 },
      { name: "caps<&>", type: "reg", size: 1, mode: 0o644, xattrs: { "security.capability": "AQD/" } },
      { name: "last", type: "reg", size: 7, mode: 0o644 },
    ]);
    expect(json.toString()).toContain('\t\t{\n\t\t\t"name": "caps\\u003c\\u0026\\u003e",\n\t\t\t"type": "reg",');
  });

  test("does not depend on how the tar comes, nor on memory that is used again", async () => {
    expect((await pack(inPieces(tar, 1000))).digest).toBe(packed.digest);
    const buffers = pieceBuffers();
    const parts: Uint8Array[] = [];
    const sink = (chunk: Uint8Array) => void parts.push(Buffer.from(chunk));
    const again = await packLayer(tarStream(entries, never, buffers), { kind: "estargz" }, sink, never, buffers);
    expect(again.digest).toBe(packed.digest);
    expect(sha256(Buffer.concat(parts))).toBe(packed.digest);
  });

  test("of another level has the same tar", async () => {
    const better = await pack(bytesOf(tar), 9);
    expect(gunzipSync(better.blob).subarray(0, tar.byteLength).equals(tar)).toBe(true);
  });

  test("gives back the tar that it was made of, and takes no table that is there already", async () => {
    writeFileSync(folder("blob"), packed.blob);
    expect((await collect(plainTarOf(folder("blob"), never), 1e9)).equals(tar)).toBe(true);
    await expect(pack(bytesOf(tocTar))).rejects.toThrow("existing TOC JSON is not allowed");
  });
});

const sizes = new Map(entries.map(({ header }) => [header.name, header.size]));

test("an empty tar has a table of nothing", async () => {
  const { blob } = await pack(tarStream([], never));
  expect(gunzipSync(blob).toString("latin1")).toContain('{\n\t"version": 1,\n\t"entries": null\n}');
});

test.each(["", "x".repeat(footerSize), "\x1f\x8b\x08\x04"])("bytes that are no footer (%j) tell nothing", (text) => {
  expect(parseFooter(Buffer.from(text, "latin1"))).toBeUndefined();
});

test("a footer that points to where no member begins is not believed", async () => {
  const plain = await pack(bytesOf(tar));
  const footer = Buffer.from(plain.blob.subarray(-footerSize));
  footer.write((tocOffset - 1).toString(16).padStart(16, "0"), 16, "latin1");
  writeFileSync(folder("lie"), Buffer.concat([plain.blob.subarray(0, -footerSize), footer]));
  expect((await collect(plainTarOf(folder("lie"), never), 1e9)).byteLength).toBe(plain.tarSize);
});
