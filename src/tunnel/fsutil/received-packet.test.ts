import fc from "fast-check";
import { expect, test } from "vitest";
import { fsutil, type MessageParts } from "../../grpc/index.ts";
import { encode } from "../../wire/index.ts";
import { receivedPacket } from "./received-packet.ts";

const packets = fc.record({
  type: fc.integer({ min: 0, max: 4 }),
  id: fc.oneof(fc.nat(300), fc.nat(2 ** 31)),
  data: fc.uint8Array({ maxLength: 300 }),
});

test("a packet is the same, wherever it is cut", () => {
  fc.assert(
    fc.property(packets, fc.array(fc.nat(320), { maxLength: 4 }), ({ type, id, data }, cuts) => {
      const bytes = Buffer.from(encode(fsutil.Packet, { type, id, data }));
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const cut = places.slice(1).map((end, at) => bytes.subarray(places[at], end));
      const [first = bytes, ...rest] = cut.filter((part) => part.length > 0);
      const parts: MessageParts = [first, ...rest];
      const packet = receivedPacket(parts);
      expect({ ...packet, pieces: Buffer.concat(packet.pieces) }).toEqual({ type, id, pieces: Buffer.from(data) });
    }),
    { numRuns: 2000 },
  );
});
