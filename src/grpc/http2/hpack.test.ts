import { expect, test } from "vitest";
import { encodeHeaders, HeaderDecoder, type HeaderList } from "./hpack.ts";
import { decodeHuffman } from "./huffman.ts";

const limits = { bytes: 64 * 1024, fields: 100 };
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

test("the requests of RFC 7541, C.4, which share a table", () => {
  const decoder = new HeaderDecoder(limits);
  const common: HeaderList = [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "www.example.com"],
  ];
  expect(decoder.decode(hex("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"))).toEqual(common);
  expect(decoder.decode(hex("8286 84be 5886 a8eb 1064 9cbf"))).toEqual([...common, ["cache-control", "no-cache"]]);
  expect(decoder.decode(hex("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"))).toEqual([
    [":method", "GET"],
    [":scheme", "https"],
    [":path", "/index.html"],
    [":authority", "www.example.com"],
    ["custom-key", "custom-value"],
  ]);
});

test("what was encoded is decoded, whatever its lengths and bytes", () => {
  const list: HeaderList = [
    [":method", "POST"],
    [":path", "/moby.buildkit.v1.Control/Solve"],
    ["te", "trailers"],
    ["empty", ""],
    ["latin", "\u00e9\u00ff"],
    ...[126, 127, 128, 255, 20_000].map((size) => [`x-${size}`, "v".repeat(size)] as const),
  ];
  expect(new HeaderDecoder(limits).decode(encodeHeaders(list))).toEqual(list);
});

test("the table drops its oldest fields when it is full, and all of them when the peer says so", () => {
  const decoder = new HeaderDecoder({ bytes: 1e6, fields: 1000 });
  const kept = (name: string, value: string) => {
    const text = (part: string) => [part.length, ...Buffer.from(part)];
    return [0x40, ...text(name), ...text(value)];
  };
  const fields = Array.from({ length: 50 }, (_, at) => kept(`name${at}`, "x".repeat(100)));
  decoder.decode(Buffer.from(fields.flat()));
  expect(decoder.decode(Buffer.from([0x80 | 62]))).toEqual([["name49", "x".repeat(100)]]);
  // 4096 bytes hold 29 fields of 138.
  expect(decoder.decode(Buffer.from([0x80 | (62 + 28)]))).toEqual([["name21", "x".repeat(100)]]);
  expect(() => decoder.decode(Buffer.from([0x80 | (62 + 29)]))).toThrow("malformed header block");
  decoder.decode(Buffer.from([0x20]));
  expect(() => decoder.decode(Buffer.from([0x80 | 62]))).toThrow("malformed header block");
});

test.each([
  ["a field that is not there", "c0"],
  ["field number 0", "80"],
  ["a text beyond the end", "0005 61"],
  ["a number without end", "ffffffffffffffff"],
  ["a table larger than ours", "3fe2ff7f"],
  ["a new table size after a field", "82 20"],
  ["Huffman's end inside of a text", "0084 ffffffff 00"],
  ["a Huffman text with too much filling", "0082 1fff 00"],
])("%s is malformed", (_, bytes) => {
  expect(() => new HeaderDecoder(limits).decode(hex(bytes))).toThrow("malformed header block");
});

test("a small block that stands for a large list is refused", () => {
  const decoder = new HeaderDecoder(limits);
  const value = Buffer.alloc(3900, "v");
  decoder.decode(Buffer.concat([Buffer.from([0x40, 1, 0x78, 0x7f, 0xbd, 0x1d]), value]));
  expect(() => decoder.decode(Buffer.alloc(50, 0x80 | 62))).toThrow("header list above the limit");
  expect(() => new HeaderDecoder(limits).decode(Buffer.alloc(101, 0x82))).toThrow("header list above the limit");
});

test("any bytes are a header list or malformed, and nothing else", () => {
  let seed = 7;
  const next = () => {
    seed = (seed * 48_271) % (2 ** 31 - 1);
    return seed;
  };
  for (let round = 0; round < 2000; round++) {
    const block = Buffer.from(Array.from({ length: next() % 60 }, () => next() & 0xff));
    try {
      new HeaderDecoder(limits).decode(block);
    } catch (error) {
      expect(error).toMatchObject({ name: "Http2Error" });
    }
    decodeHuffman(block);
  }
});
