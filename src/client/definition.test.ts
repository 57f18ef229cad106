import { expect, test } from "vitest";
import { checkDefinition } from "./definition.ts";

const op = [0x0a, 0x02, 0x5a, 0x00];

test("a definition with an op is accepted, unknown fields of every kind included", () => {
  const others = [0x10, 0x80, 0x01, 0x25, 1, 2, 3, 4, 0x21, 1, 2, 3, 4, 5, 6, 7, 8];
  expect(() => checkDefinition(Uint8Array.from([...op, ...others]))).not.toThrow();
});

test.each([
  [[], "empty definition sent to build. Specify --frontend instead?"],
  [[0x12, 0x00], "empty definition sent to build. Specify --frontend instead?"],
  [[...Buffer.from("garbage")], "failed to parse input: proto: illegal wireType 7"],
  [[0x0c], "failed to parse input: proto: Definition: wiretype end group for non-group"],
  [[0x00], "failed to parse input: proto: Definition: illegal tag 0 (wire type 0)"],
  [[0x0a, 0x05, 0x01], "failed to parse input: unexpected EOF"],
  [[0x0a, 0xff], "failed to parse input: unexpected EOF"],
  [[0x08, ...Array(10).fill(0xff)], "failed to parse input: proto: integer overflow"],
])("what is no definition is refused with upstream's words: %j", (bytes, message) => {
  expect(() => checkDefinition(Uint8Array.from(bytes))).toThrow(message);
});
