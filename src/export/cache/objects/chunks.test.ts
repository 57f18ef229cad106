import { expect, test } from "vitest";
import { bytesOf } from "../../../kit/index.ts";
import { type Chunk, chunksOf, sendChunks } from "./chunks.ts";

async function all(size: number, ...pieces: string[]): Promise<(readonly [number, string])[]> {
  const chunks = await Array.fromAsync(chunksOf(bytesOf(...pieces), size));
  return chunks.map(({ offset, bytes }) => [offset, bytes.toString()] as const);
}

test("bytes come in parts of one size, however they were cut before", async () => {
  const expected = [
    [0, "abcd"],
    [4, "efgh"],
    [8, "i"],
  ] as const;
  expect(await all(4, "abcdefghi")).toEqual(expected);
  expect(await all(4, "a", "bcdef", "", "ghi")).toEqual(expected);
  expect(await all(4, "abcd", "efgh")).toEqual(expected.slice(0, 2));
  expect(await all(4)).toEqual([]);
});

test("a part is not written over when its source uses its buffer again", async () => {
  async function* reused() {
    const buffer = Buffer.from("ab");
    yield buffer;
    buffer.write("cd");
    yield buffer;
  }
  const [chunk] = await Array.fromAsync(chunksOf(reused(), 4));
  expect(String(chunk?.bytes)).toBe("abcd");
});

test("the first failure ends it, after those that were begun", async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const send = async ({ index }: Chunk) => {
    begun.push(index);
    await Promise.resolve();
    if (index === 1) throw new Error("no");
    ended.push(index);
  };
  await expect(sendChunks(chunksOf(bytesOf("abcdefgh"), 1), 3, send)).rejects.toThrow("no");
  expect(begun.length).toBeLessThan(8);
  expect(ended).toEqual(begun.filter((index) => index !== 1));
});
