import fc from "fast-check";
import { expect, test } from "vitest";
import { encode } from "../wire/index.ts";
import { Framer, frame, joinParts } from "./framer.ts";
import { BytesMessage } from "./gen/control.ts";
import { PieceFramer } from "./piece-framer.ts";

/** The bytes cut at some places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.byteLength + 1)).sort((a, b) => a - b), bytes.byteLength];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

const messages = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 });
const places = fc.array(fc.nat(4000), { maxLength: 20 });

test("messages come whole and in order, however the stream is cut", () => {
  fc.assert(
    fc.property(messages, places, (sent, cuts) => {
      const framer = new Framer(1000);
      const chunks = cut(Buffer.concat(sent.map(frame)), cuts);
      const received = chunks.flatMap((chunk) => framer.push(chunk)).map((parts) => Buffer.from(joinParts(parts)));
      expect(received).toEqual(sent.map((message) => Buffer.from(message)));
      expect(framer.atRest).toBe(true);
    }),
  );
});

test("the bytes in messages come in order, however the stream is cut", () => {
  fc.assert(
    fc.property(messages, places, (sent, cuts) => {
      const framer = new PieceFramer(1000);
      const stream = Buffer.concat(sent.map((data) => frame(encode(BytesMessage, { data }))));
      const received = cut(stream, cuts).flatMap((chunk) => framer.push(chunk));
      expect(Buffer.concat(received)).toEqual(Buffer.concat(sent));
      expect(framer.atRest).toBe(true);
    }),
  );
});

test.each([
  ["a compressed message", [1, 0, 0, 0, 0], "compressed messages are not supported"],
  ["a message above the limit", [0, 0, 0, 3, 233], "received message larger than max (1001 vs. 1000)"],
  ["another field", [0, 0, 0, 0, 2, 0x10, 1], "not a BytesMessage"],
  ["a length beyond the message", [0, 0, 0, 0, 2, 0x0a, 9], "not a BytesMessage"],
  ["a message that ends within its field's head", [0, 0, 0, 0, 1, 0x0a], "not a BytesMessage"],
])("%s in a tunnel is refused", (_, bytes, sentence) => {
  expect(() => new PieceFramer(1000).push(Uint8Array.from(bytes))).toThrow(sentence);
});
