import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type Bytes, bytesOf, collect, sha256 } from "../../kit/index.ts";
import type { StreamChoice } from "../contract.ts";
import { inPieces, never } from "../testing/index.ts";
import { compress } from "./compress.ts";
import { decompress, detectCompression } from "./decompress.ts";
import { gzipLanes } from "./gzip.ts";
import { ahead, mapOrdered, rechunk } from "./ordered.ts";
import { packLayer } from "./pack-layer.ts";

/** Some megabytes that compress like programs do: text, and parts that do not compress at all. */
const sample = Buffer.concat(
  Array.from({ length: 40 }, (_, i) =>
    i % 4 === 0
      ? createHash("shake256", { outputLength: 150_000 }).update(`${i}`).digest()
      : Buffer.alloc(120_000, `some text ${i} and more; `),
  ),
);
const all = (source: Bytes) => collect(source, 1e9);
const pressed = (choice: StreamChoice, bytes: Uint8Array = sample, piece = 1 << 20) =>
  all(compress(inPieces(bytes, piece), choice, never));
const choices: StreamChoice[] = [
  { kind: "gzip" },
  ...[-1, 0, 1, 3, 6, 9].map((level) => ({ kind: "gzip" as const, level })),
  { kind: "zstd" },
  ...[1, 3, 11].map((level) => ({ kind: "zstd" as const, level })),
];

describe("compress()", () => {
  test.each(choices)("%o is read back by zlib, by the command line tools and by decompress()", async (choice) => {
    const blob = await pressed(choice);
    expect(detectCompression(blob)).toBe(choice.kind);
    const unpack = choice.kind === "gzip" ? gunzipSync : zstdDecompressSync;
    if (choice.kind === "gzip") expect(unpack(blob).equals(sample)).toBe(true);
    execFileSync(choice.kind, ["-t", "-q"], { input: blob });
    expect((await all(decompress(inPieces(blob, 10_000), never))).equals(sample)).toBe(true);
  });

  test.each<StreamChoice>([{ kind: "gzip" }, { kind: "gzip", level: 9 }, { kind: "zstd" }])(
    "%o gives the same bytes however the input is cut",
    async (choice) => {
      const [one, other] = [await pressed(choice, sample, 777), await pressed(choice, sample, 5 << 20)];
      expect(sha256(one)).toBe(sha256(other));
    },
  );

  test.each(choices)("%o takes nothing, and what cannot be compressed", async (choice) => {
    for (const bytes of [Buffer.alloc(0), randomBytes(1), randomBytes(1 << 20), randomBytes((4 << 20) + 1)]) {
      const blob = await pressed(choice, bytes);
      expect(blob.length).toBeGreaterThan(0);
      expect((await all(decompress(bytesOf(blob), never))).equals(bytes)).toBe(true);
    }
  });

  test("begins a gzip layer with upstream's header", async () => {
    const tried = [
      [undefined, "00"],
      [0, "00"],
      [1, "04"],
      [6, "00"],
      [9, "02"],
    ] as const;
    for (const [level, mark] of tried) {
      const blob = await pressed(level === undefined ? { kind: "gzip" } : { kind: "gzip", level });
      expect(blob.toString("hex", 0, 10)).toBe(`1f8b080000000000${mark}ff`);
    }
  });

  test("stops when its consumer does, its source fails or its scope ends", async () => {
    let closed = false;
    const endless = async function* () {
      try {
        for (;;) yield Buffer.alloc(1 << 20, "x");
      } finally {
        closed = true;
      }
    };
    for await (const _ of compress(endless(), { kind: "gzip" }, never)) break;
    expect(closed).toBe(true);
    const failing = async function* () {
      yield Buffer.alloc(3 << 20);
      throw new Error("no more");
    };
    await expect(all(compress(failing(), { kind: "zstd" }, never))).rejects.toThrow("no more");
    await expect(
      all(compress(endless(), { kind: "gzip" }, { signal: AbortSignal.abort(new Error("enough")) })),
    ).rejects.toThrow("enough");
  });
});

describe("decompress()", () => {
  test("reads what others write: one member, several, several frames, nothing compressed", async () => {
    const half = sample.length >> 1;
    const [a, b] = [sample.subarray(0, half), sample.subarray(half)];
    const blobs = [
      gzipSync(sample),
      Buffer.concat([gzipSync(a), gzipSync(b)]),
      zstdCompressSync(sample),
      Buffer.concat([zstdCompressSync(a), zstdCompressSync(b)]),
      sample,
    ];
    for (const blob of blobs) {
      for (const piece of [1000, 65_536, 1 << 22])
        expect((await all(decompress(inPieces(blob, piece), never))).equals(sample)).toBe(true);
    }
    expect(await all(decompress(bytesOf(), never))).toHaveLength(0);
  });

  test("reads over zstd's skippable frames", async () => {
    const skippable = Buffer.concat([Buffer.from("502a4d1803000000", "hex"), Buffer.from("abc")]);
    const blob = Buffer.concat([skippable, zstdCompressSync("hello"), skippable, zstdCompressSync("")]);
    expect((await all(decompress(inPieces(blob, 1), never))).toString()).toBe("hello");
  });

  test("reads gzip headers with names and comments", async () => {
    const named = execFileSync("gzip", ["-c", "-N"], { input: "hello" });
    expect((await all(decompress(inPieces(named, 1), never))).toString()).toBe("hello");
  });

  test.each<["gzip" | "zstd"]>([["gzip"], ["zstd"]])("refuses damaged, cut and continued %s", async (kind) => {
    const blob = kind === "gzip" ? gzipSync(sample) : await pressed({ kind });
    const damaged = Buffer.from(blob);
    for (let i = 0; i < 50; i++) damaged[100_000 + i * 7] = (damaged[100_000 + i * 7] as number) ^ 0x55;
    for (const bad of [
      damaged,
      blob.subarray(0, -1),
      blob.subarray(0, 5000),
      blob.subarray(0, 3),
      Buffer.concat([blob, Buffer.from("rubbish at the end")]),
    ]) {
      if (bad.length === 3 && kind === "zstd") continue;
      await expect(all(decompress(inPieces(bad, 70_000), never)).then((bytes) => bytes.length)).rejects.toMatchObject({
        code: "archive/corrupt",
      });
    }
  });

  test("passes on the failure of its source", async () => {
    const failing = async function* () {
      yield gzipSync(sample).subarray(0, 300_000);
      throw new Error("connection lost");
    };
    await expect(all(decompress(failing(), never))).rejects.toThrow("connection lost");
    const zstd = async function* () {
      yield zstdCompressSync(sample).subarray(0, 300_000);
      throw new Error("connection lost");
    };
    await expect(all(decompress(zstd(), never))).rejects.toThrow("connection lost");
  });

  test("can be left early", async () => {
    for (const blob of [gzipSync(sample), zstdCompressSync(sample)]) {
      for await (const chunk of decompress(inPieces(blob, 4096), never)) {
        expect(chunk.byteLength).toBeGreaterThan(0);
        break;
      }
    }
  });
});

describe("packLayer()", () => {
  test.each<StreamChoice>([{ kind: "uncompressed" }, { kind: "gzip" }, { kind: "zstd" }])(
    "%o tells both digests and sizes",
    async (choice) => {
      const chunks: Uint8Array[] = [];
      const packed = await packLayer(inPieces(sample, 300_000), choice, (chunk) => void chunks.push(chunk), never);
      const blob = Buffer.concat(chunks);
      expect(packed).toEqual({
        digest: sha256(blob),
        size: blob.length,
        diffId: sha256(sample),
        tarSize: sample.length,
      });
    },
  );

  test("fails with its sink", async () => {
    const sink = async () => Promise.reject(new Error("disk full"));
    await expect(packLayer(bytesOf(sample), { kind: "gzip" }, sink, never)).rejects.toThrow("disk full");
  });
});

describe("helpers", () => {
  test("mapOrdered() keeps the order and settles all work", async () => {
    const ended: number[] = [];
    const source = bytesOf(...Array.from({ length: 10 }, (_, i) => Buffer.from([i])));
    const work = async ([byte = 0]: Uint8Array) => {
      await new Promise((resolve) => setTimeout(resolve, byte % 3 === 0 ? 9 : 1));
      ended.push(byte);
      if (byte === 5) throw new Error("five");
      return byte;
    };
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const byte of mapOrdered(source, 3, work)) seen.push(byte);
      })(),
    ).rejects.toThrow("five");
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(ended.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].slice(0, ended.length));
  });

  test("rechunk() and ahead() keep the bytes", async () => {
    const sizes: number[] = [];
    for await (const chunk of rechunk(inPieces(sample, 777), 100_000)) sizes.push(chunk.byteLength);
    expect(sizes.slice(0, -1).every((size) => size === 100_000)).toBe(true);
    expect((await all(ahead(rechunk(inPieces(sample, 5 << 20), 1 << 16), 3))).equals(sample)).toBe(true);
  });
});

test("small members have the same bytes each time, whatever was compressed before", async () => {
  const lane = gzipLanes(undefined)((size) => Buffer.alloc(size));
  const pass = async () => {
    const results: string[] = [];
    for (let at = 0; at < 2000; at++) {
      const size = [60, 700, 130, 3000][at % 4] as number;
      results.push(sha256(await lane.compress(Buffer.from(sample.subarray(at * 97, at * 97 + size)))));
    }
    return results;
  };
  try {
    const first = await pass();
    for (let again = 0; again < 3; again++) expect(await pass()).toEqual(first);
  } finally {
    lane.close();
  }
});
