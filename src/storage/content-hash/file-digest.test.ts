import { createHash, hash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { digestOfFile } from "./file-digest.ts";

const mebi = 1024 * 1024;
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-digest-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function digestOf(bytes: Buffer): Promise<string> {
  const path = join(folder, "file");
  writeFileSync(path, bytes);
  return (await digestOfFile(path, BigInt(bytes.length))).toString("hex");
}

it("a small file's digest is the sha256 of its bytes", async () => {
  for (const size of [0, 1, mebi]) {
    const bytes = randomBytes(size);
    expect(await digestOf(bytes)).toBe(hash("sha256", bytes));
  }
});

it("a large file's digest is made of those of its pieces, and is no small file's", async () => {
  const bytes = randomBytes(7 * mebi + 1);
  const pieces = [0, 2, 4, 6].map((at) => hash("sha256", bytes.subarray(at * mebi, (at + 2) * mebi), "buffer"));
  const digest = createHash("sha512-256").update(Buffer.concat(pieces)).digest("hex");
  expect(await digestOf(bytes)).toBe(digest);
  expect(await digestOf(Buffer.concat(pieces))).not.toBe(digest);
});

it("every byte of a large file counts, and where it is", async () => {
  const bytes = randomBytes(4 * mebi + 3);
  const digest = await digestOf(bytes);
  const seen = new Set([digest]);
  for (const at of [0, 2 * mebi - 1, 2 * mebi, 4 * mebi, bytes.length - 1]) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    seen.add(await digestOf(changed));
  }
  seen.add(await digestOf(bytes.subarray(0, -1)));
  seen.add(await digestOf(Buffer.concat([bytes.subarray(2 * mebi, 4 * mebi), bytes.subarray(0, 2 * mebi)])));
  expect(seen.size).toBe(8);
  expect(await digestOf(bytes)).toBe(digest);
});
