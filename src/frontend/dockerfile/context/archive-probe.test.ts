import { execFileSync } from "node:child_process";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { quietScope } from "../../../kit/index.ts";
import { isArchive, latestTimeInArchive } from "./archive-probe.ts";

function entry(name: string, mtime: number, type: string, size = 0): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(`${size.toString(8).padStart(11, "0")} `, 124);
  header.write(`${mtime.toString(8).padStart(11, "0")} `, 136);
  header.write("        ", 148);
  header.write(type, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, Buffer.alloc(Math.ceil(size / 512) * 512)]);
}
const end = Buffer.alloc(1024);
const tar = Buffer.concat([entry("d/", 9000, "5"), entry("d/a", 100, "0", 600), entry("d/b", 200, "0"), end]);

describe("isArchive()", () => {
  it("knows tar by its checksum, compressed files by their first bytes", () => {
    expect(isArchive(tar.subarray(0, 512))).toBe(true);
    expect(isArchive(gzipSync(tar))).toBe(true);
    expect(isArchive(Buffer.from("FROM busybox\n"))).toBe(false);
    expect(isArchive(Buffer.alloc(1024))).toBe(false);
    expect(isArchive(new Uint8Array())).toBe(false);
  });
});

describe("latestTimeInArchive()", () => {
  const latest = (bytes: Uint8Array) => latestTimeInArchive(bytes, quietScope);

  it("is that of the newest regular file", async () => {
    expect(await latest(tar)).toBe(200);
    expect(await latest(gzipSync(tar))).toBe(200);
    expect(await latest(zstdCompressSync(tar))).toBe(200);
  });

  it.each(["bzip2", "xz"])("reads %s with the program of that name", async (tool) => {
    expect(await latest(execFileSync(tool, ["-c"], { input: tar }))).toBe(200);
    expect(await latest(execFileSync(tool, ["-c"], { input: tar }).subarray(0, 40))).toBeUndefined();
  });

  it("is undefined for anything else", async () => {
    expect(await latest(Buffer.from("hello"))).toBeUndefined();
    expect(await latest(gzipSync(tar).subarray(0, 30))).toBeUndefined();
    expect(await latest(end)).toBeUndefined();
    expect(await latest(Buffer.concat([tar.subarray(0, -1024), Buffer.alloc(512, 7)]))).toBeUndefined();
  });
});
