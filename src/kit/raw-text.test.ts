import fc from "fast-check";
import { expect, test } from "vitest";
import { compareRaw, decodeRaw, encodeRaw, rawBytes } from "./raw-text.ts";

test("any bytes come back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(encodeRaw(decodeRaw(bytes))).toEqual(Buffer.from(bytes));
    }),
  );
});

test("UTF-8 is just decoded, each byte of anything else is a character", () => {
  expect(decodeRaw(Buffer.from("é日😀"))).toBe("é日😀");
  expect(decodeRaw(Buffer.from("4afff862e282", "hex"))).toBe("J\udcff\udcf8b\udce2\udc82");
  expect(decodeRaw(Buffer.from("eda080c0af", "hex")).toWellFormed()).toBe("\ufffd".repeat(5));
  expect(encodeRaw("a\ufffd")).toEqual(Buffer.from("a\ufffd"));
});

test("a part of the bytes can be meant", () => {
  expect(decodeRaw(Buffer.from("61ff6263", "hex"), 1, 3)).toBe("\udcffb");
  expect(decodeRaw(new Uint8Array([0x61, 0x62]).subarray(1))).toBe("b");
});

test("ordinary text stays text, other text becomes its bytes", () => {
  expect(rawBytes("é\ufffd")).toBe("é\ufffd");
  expect(rawBytes("a\udcff")).toEqual(Buffer.from("61ff", "hex"));
});

test("texts are compared by their bytes", () => {
  const names = ["\ufffd", "😀", "\udcff", "\udc80", "\ue000", "a"];
  expect(names.sort(compareRaw)).toEqual(["a", "\udc80", "\ue000", "\ufffd", "😀", "\udcff"]);
});
