import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOf, collect, encodeRaw, sha256 } from "../../kit/index.ts";
import type { TarHeader } from "../contract.ts";
import { entriesOf, file, headerOf, inPieces, never, tarOf, testFolder, upstreamLayers } from "../testing/index.ts";
import { checksumOf } from "./block.ts";
import { formatPaxRecord } from "./pax.ts";
import { readTar } from "./read-tar.ts";
import { tarStream } from "./tar-stream.ts";

const at = testFolder();

describe("upstream's layers", () => {
  test.each(upstreamLayers)("$diffId is written byte for byte", async ({ diffId, entries }) => {
    expect(sha256(await tarOf(...entries))).toBe(diffId);
  });

  test.each(upstreamLayers)("$diffId is read back, in pieces of any size", async ({ entries }) => {
    const tar = await tarOf(...entries);
    for (const size of [1, 511, 512, 700, 1 << 20]) {
      const read = await entriesOf(inPieces(tar, size));
      expect(read.map((entry) => entry.header)).toEqual(entries.map((entry) => entry.header));
    }
  });
});

describe("readTar()", () => {
  const make = (format: string, ...more: string[]) => {
    const source = at(`gnu-${format}`);
    mkdirSync(`${source}/${"d".repeat(120)}`, { recursive: true });
    writeFileSync(`${source}/${"d".repeat(120)}/${"f".repeat(150)}`, "long name");
    symlinkSync("t".repeat(180), `${source}/link`);
    return execFileSync(
      "tar",
      [`--format=${format}`, "-cf", "-", ...more, "--sort=name", "--mtime=@1700000000.5", "-C", source, "."],
      {
        maxBuffer: 1e8,
      },
    );
  };

  test.each(["gnu", "pax"])("reads GNU tar's %s archives", async (format) => {
    const entries = await entriesOf(bytesOf(make(format, "--owner=x:3000000")));
    const long = entries.find((entry) => entry.text === "long name");
    expect(long?.header.name).toBe(`./${"d".repeat(120)}/${"f".repeat(150)}`);
    expect(long?.header.uid).toBe(3_000_000);
    expect(entries.find((entry) => entry.header.type === "symlink")?.header.linkName).toBe("t".repeat(180));
    expect(long?.header.mtime).toBe(format === "pax" ? 1_700_000_000_500_000_000n : 1_700_000_000_000_000_000n);
  });

  test("skips bodies that nobody reads, and a global header", async () => {
    const global = raw({ name: "pax_global_header", type: "g" }, formatPaxRecord("comment", "a commit"));
    const tar = Buffer.concat([global, await tarOf(file("a", "x".repeat(5000)), file("b", "y"))]);
    const names: string[] = [];
    for await (const entry of readTar(inPieces(tar, 900))) names.push(entry.header.name);
    expect(names).toEqual(["a", "b"]);
  });

  test("forgives a missing end mark and ignores what follows one", async () => {
    const tar = await tarOf(file("a", "x"));
    expect(await entriesOf(bytesOf(tar.subarray(0, 1024)))).toHaveLength(1);
    expect(await entriesOf(bytesOf(tar, Buffer.alloc(3000, "rubbish")))).toHaveLength(1);
    expect(await entriesOf(bytesOf())).toEqual([]);
  });

  test.each<[string, Buffer | Promise<Buffer>]>([
    ["a wrong checksum", Buffer.alloc(512, 1)],
    ["the end inside a header", tarOf(file("a", "x")).then((tar) => tar.subarray(0, 100))],
    ["the end inside a body", tarOf(file("a", "x".repeat(2000))).then((tar) => tar.subarray(0, 1500))],
    ["a sparse file", raw({ name: "s", type: "S" })],
    ["a pax sparse file", pax("GNU.sparse.major", "1")],
    ["an unknown type", raw({ name: "s", type: "V" })],
    ["an endless extended header", raw({ name: "x", type: "x", size: 2 ** 30 })],
    ["a pax record without end", raw({ name: "x", type: "x" }, Buffer.from("99 path=a\n"))],
    ["a pax record of no length", raw({ name: "x", type: "x" }, Buffer.from("0 path=a\n"))],
    ["a NUL in a pax path", pax("path", "a\0b")],
    ["a negative pax size", pax("size", "-1")],
    ["a pax size that is no number", pax("size", "0x10")],
    ["a huge pax size", pax("size", "9".repeat(16))],
    ["a pax time that is none", pax("mtime", "yesterday")],
    ["a negative size", raw({ name: "a", type: "0", size: -1 })],
    ["a size beyond what is exact", raw({ name: "a", type: "0", size: 2 ** 60 })],
    ["an entry without name", raw({ name: "", type: "0" })],
    ["an owner out of range", pax("uid", "99999999999")],
    ["an entry after an empty block", Buffer.concat([Buffer.alloc(512), raw({ name: "a", type: "0" })])],
  ])("refuses %s", async (_, tar) => {
    await expect(entriesOf(bytesOf(await tar))).rejects.toMatchObject({ code: "archive/bad-tar" });
  });

  test.each(["ustar", "gnu", "pax"])("keeps names that are no UTF-8 (%s)", async (format) => {
    for (const length of [3, 180]) {
      const source = at(`raw-${format}-${length}`);
      const name = `${"n".repeat(length % 150)}\udcff`;
      mkdirSync(source);
      writeFileSync(Buffer.concat([Buffer.from(`${source}/`), encodeRaw(name)]), "");
      symlinkSync(encodeRaw(name), `${source}/o`);
      const tar = execFileSync("tar", [`--format=${format}`, "--sort=name", "-cf", "-", "-C", source, "."]);
      const read = (await entriesOf(bytesOf(tar))).map(({ header }) => [header.name, header.linkName]);
      expect(read).toEqual([
        ["./", undefined],
        [`./${name}`, undefined],
        ["./o", name],
      ]);
    }
  });

  test("stops at its limits", async () => {
    const tar = await tarOf(file("a", "12345"), file("b", "12345"));
    const read = async (limits: { entries: number; bytes: number }) => {
      for await (const _ of readTar(bytesOf(tar), { extended: 1000, ...limits })) void _;
    };
    await expect(read({ entries: 1, bytes: 100 })).rejects.toThrow("more than 1 entries");
    await expect(read({ entries: 2, bytes: 9 })).rejects.toThrow("more than 9 bytes");
    await expect(read({ entries: 2, bytes: 10 })).resolves.toBeUndefined();
  });

  test("never hangs or throws anything else, whatever the bytes", async () => {
    const start = await tarOf(...(upstreamLayers[0]?.entries ?? []));
    const damage = fc.array(fc.tuple(fc.nat(start.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(damage, fc.boolean(), async (changes, repair) => {
        const tar = Buffer.from(start);
        for (const [where, byte] of changes) tar[where] = byte;
        if (repair) for (const [where] of changes) seal(tar.subarray(where - (where % 512)));
        try {
          await entriesOf(bytesOf(tar));
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^archive\/bad-(tar|name)$/) });
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("tarStream()", () => {
  test("gives back any header through readTar(), and through GNU tar", async () => {
    const name = fc
      .string({ minLength: 1, maxLength: 180, unit: "grapheme" })
      .filter((text) => !text.includes("\0") && !text.endsWith("/"));
    const header = fc.record({
      name,
      mode: fc.nat(0o7777),
      uid: fc.nat(0xffff_fffe),
      gid: fc.nat(0xffff_fffe),
      mtime: fc.integer({ min: 0, max: 2 ** 40 }).map((seconds) => BigInt(seconds) * 1_000_000_000n),
      xattrs: fc.option(
        fc.uint8Array().map((value) => new Map([["user.é=", Buffer.from(value)]])),
        { nil: undefined },
      ),
    });
    const clean = ({ xattrs, ...rest }: { name: string; xattrs: Map<string, Buffer> | undefined }): TarHeader =>
      headerOf(
        xattrs === undefined
          ? rest
          : { ...rest, xattrs: new Map([["user.golden", xattrs.get("user.é=") ?? Buffer.alloc(0)]]) },
      );
    await fc.assert(
      fc.asyncProperty(fc.array(header, { maxLength: 4 }), async (headers) => {
        const wanted = headers.map(clean);
        const read = await entriesOf(bytesOf(await tarOf(...wanted.map((entry) => ({ header: entry })))));
        expect(read.map((entry) => entry.header)).toEqual(wanted);
      }),
      { numRuns: 200 },
    );
    const listing = execFileSync("tar", ["-tvf", "-"], {
      input: await tarOf(file(`${"ü".repeat(70)}/x`, "abc", { uid: 5_000_000 })),
    });
    expect(listing.toString()).toMatch(/5000000\/0\s+3 .*\/x/);
  });

  test("copies files of any size, and says when one became shorter", async () => {
    const path = at("body");
    writeFileSync(path, Buffer.alloc(3_000_001, 7));
    const header = headerOf({ name: "body", size: 3_000_001 });
    const tar = await collect(tarStream([{ header, body: { file: path } }], never), 1e8);
    expect((await entriesOf(bytesOf(tar)))[0]?.text).toBe(readFileSync(path, "latin1"));
    const longer = { header: { ...header, size: 3_000_002 }, body: { file: path } };
    await expect(collect(tarStream([longer], never), 1e8)).rejects.toMatchObject({ code: "archive/changed" });
    await expect(collect(tarStream([{ header, body: { file: at("gone") } }], never), 1e8)).rejects.toMatchObject({
      code: "archive/changed",
    });
  });

  test("stops with its scope", async () => {
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    await expect(collect(tarStream([file("a", "x".repeat(2 << 20))], stop), 1e8)).rejects.toThrow("enough");
  });
});

/** A hand-made entry: its body follows when there is one. */
function raw(header: { name: string; type: string; size?: number }, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const block = Buffer.alloc(512);
  block.write(header.name);
  block.write(`${"0".repeat(7)}\0`, 100);
  const size = header.size ?? body.byteLength;
  if (size >= 0 && size < 8 ** 11) block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  else {
    block.writeBigInt64BE(BigInt(size), 128);
    block.fill(size < 0 ? 0xff : 0, 124, 128);
    block[124] = size < 0 ? 0xff : 0x80;
  }
  block.write(header.type, 156);
  seal(block);
  return Buffer.concat([block, body, Buffer.alloc((512 - (body.byteLength % 512)) % 512)]);
}

function seal(block: Buffer): void {
  block.write(`${checksumOf(block).toString(8).padStart(6, "0")}\0 `, 148);
}

function pax(key: string, value: string): Buffer {
  return Buffer.concat([raw({ name: "x", type: "x" }, formatPaxRecord(key, value)), raw({ name: "a", type: "0" })]);
}
