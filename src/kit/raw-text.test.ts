import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRaw, encodeRaw } from "./raw-text.ts";

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
