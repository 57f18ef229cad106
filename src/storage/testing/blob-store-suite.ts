import { describe, expect, it } from "vitest";
import { bytesOf, collect, quietScope, sha256, withChildScope } from "../../kit/index.ts";
import type { BlobStore } from "../contract.ts";

/** What every blob store promises. `make` gives a fresh one and how to count what it holds, half-written blobs included. */
export function describeBlobStore(
  name: string,
  make: () => Promise<{ readonly blobs: BlobStore; readonly files: () => readonly string[] }>,
): void {
  const hello = { digest: sha256("hello"), size: 5 };
  describe(`blob store: ${name}`, () => {
    it("has no blob that was not put", async () => {
      const { blobs } = await make();
      expect(await blobs.size(hello.digest)).toBeUndefined();
      await expect(blobs.path(hello.digest)).rejects.toMatchObject({ code: "storage/no-blob" });
      await expect(blobs.readAll(hello, quietScope)).rejects.toMatchObject({ code: "storage/no-blob" });
    });
    it("gives back the bytes that were put, by descriptor", async () => {
      const { blobs } = await make();
      expect(await blobs.put(bytesOf("he", "llo"), quietScope)).toEqual(hello);
      expect((await blobs.readAll(hello, quietScope)).toString()).toBe("hello");
      expect(await blobs.size(hello.digest)).toBe(5);
    });
    it("passes large blobs through in chunks of any size", async () => {
      const { blobs } = await make();
      const bytes = Buffer.alloc(3_000_000, "0123456789");
      const chunks = [
        bytes.subarray(0, 1),
        bytes.subarray(1, 700_000),
        bytes.subarray(700_000, 700_100),
        bytes.subarray(700_100),
      ];
      const stored = await blobs.put(bytesOf(...chunks), quietScope);
      expect(stored).toEqual({ digest: sha256(bytes), size: bytes.length });
      expect((await collect(blobs.read(stored, quietScope), bytes.length)).equals(bytes)).toBe(true);
    });
    it.each([100, 600_000, 5_000_000])("does not look at %d bytes again that were written", async (size) => {
      const wanted = Buffer.concat([1, 2, 3].map((value) => Buffer.alloc(size, value)));
      const stored = { digest: sha256(wanted), size: wanted.length };
      for (const kind of ["writer", "hashedWriter"] as const) {
        const { blobs } = await make();
        await using open = await blobs[kind](quietScope);
        const chunk = Buffer.alloc(size);
        for (const value of [1, 2, 3]) await open.write(chunk.fill(value));
        chunk.fill(4);
        expect(await open.commit(stored)).toEqual(stored);
        expect((await collect(blobs.read(stored, quietScope), wanted.length)).equals(wanted)).toBe(true);
      }
    });
    it("holds the empty blob", async () => {
      const { blobs } = await make();
      const stored = await blobs.put(bytesOf(), quietScope);
      expect(await blobs.readAll(stored, quietScope)).toHaveLength(0);
    });
    it("uses the algorithm of the digest that is expected", async () => {
      const { blobs } = await make();
      const digest =
        `sha512:${"9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043"}` as const;
      expect(await blobs.put(bytesOf("hello"), quietScope, { digest })).toEqual({ digest, size: 5 });
    });
    it("refuses bytes of another digest or size, and keeps nothing of them", async () => {
      const { blobs, files } = await make();
      const put = (text: string, size: number) => blobs.put(bytesOf(text), quietScope, { ...hello, size });
      await expect(put("hellO", 5)).rejects.toMatchObject({ code: "storage/blob-digest" });
      await expect(put("hello!", 5)).rejects.toMatchObject({ code: "storage/blob-size" });
      await expect(put("hell", 5)).rejects.toMatchObject({ code: "storage/blob-size" });
      expect(files()).toEqual([]);
    });
    it("refuses to read with a size that is not the blob's", async () => {
      const { blobs } = await make();
      await blobs.put(bytesOf("hello"), quietScope);
      await expect(blobs.readAll({ ...hello, size: 6 }, quietScope)).rejects.toMatchObject({
        code: "storage/blob-size",
      });
    });
    it("takes the same bytes twice, also at once, and closes a source that it need not read", async () => {
      const { blobs, files } = await make();
      await Promise.all(Array.from({ length: 8 }, () => blobs.put(bytesOf("hello"), quietScope)));
      let closed = false;
      const source = {
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(new Error("read")),
          return: async () => {
            closed = true;
            return { done: true as const, value: undefined };
          },
        }),
      };
      expect(await blobs.put(source, quietScope, hello)).toEqual(hello);
      expect(closed).toBe(true);
      expect(files()).toHaveLength(1);
    });
    it("keeps nothing of a source that fails, or of a writer that is dropped", async () => {
      const { blobs, files } = await make();
      const failing = async function* () {
        yield Buffer.from("hel");
        throw new Error("lost");
      };
      await expect(blobs.put(failing(), quietScope)).rejects.toThrow("lost");
      await using writer = await blobs.writer(quietScope, hello);
      await writer.write(Buffer.from("hel"));
      await writer[Symbol.asyncDispose]();
      expect(files()).toEqual([]);
    });
    it("ends with its scope", async () => {
      const { blobs, files } = await make();
      const endless = async function* () {
        for (;;) yield Buffer.alloc(1000);
      };
      const put = withChildScope(quietScope, (scope, abort) => {
        setTimeout(() => abort(new Error("cancelled")), 20);
        return blobs.put(endless(), scope);
      });
      await expect(put).rejects.toThrow("cancelled");
      expect(files()).toEqual([]);
    });
    it("takes a writer's word for the digest of what it hashed itself, but not for the size", async () => {
      const { blobs, files } = await make();
      await using good = await blobs.hashedWriter(quietScope);
      await good.write(Buffer.from("hello"));
      expect(await good.commit(hello)).toEqual(hello);
      expect((await blobs.readAll(hello, quietScope)).toString()).toBe("hello");
      await using short = await blobs.hashedWriter(quietScope);
      await short.write(Buffer.from("hell"));
      await expect(short.commit(hello)).rejects.toMatchObject({ code: "storage/blob-size" });
      await short[Symbol.asyncDispose]();
      expect(files()).toHaveLength(1);
    });
    it("adopts a finished file, and refuses one of another size", async () => {
      const { blobs, files } = await make();
      const { writeFileSync } = await import("node:fs");
      const [good, short] = [blobs.ingestFile(), blobs.ingestFile()];
      writeFileSync(good, "hello");
      writeFileSync(short, "hell");
      await expect(blobs.adopt(short, hello)).rejects.toMatchObject({ code: "storage/blob-size" });
      expect(await blobs.adopt(good, hello)).toEqual(hello);
      expect((await blobs.readAll(hello, quietScope)).toString()).toBe("hello");
      expect(files()).toHaveLength(1);
    });
  });
}
