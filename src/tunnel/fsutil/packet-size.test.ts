import fc from "fast-check";
import { expect, test } from "vitest";
import { fsutil } from "../../grpc/index.ts";
import { decode, encode } from "../../wire/index.ts";
import { packetSize } from "./packet-size.ts";

test("is the size of the packet's encoding", () => {
  const stat = fc.record({
    path: fc.string(),
    mode: fc.integer({ min: 0, max: 0xffffffff }),
    size: fc.bigInt({ min: 0n, max: 2n ** 50n }),
    modTime: fc.bigInt({ min: -5n, max: 2n ** 62n - 2n ** 20n }),
    linkname: fc.string(),
    xattrs: fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.uint8Array())).map((entries) => new Map(entries)),
  });
  const packet = fc.record({
    type: fc.nat(4),
    stat: fc.option(stat, { nil: undefined }),
    id: fc.nat(),
    data: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(
    fc.property(packet, (one) => {
      const encoded = encode(fsutil.Packet, one);
      // Numbers near a power of 128 above 2^53 are counted as that power.
      expect(Math.abs(packetSize(decode(fsutil.Packet, encoded)) - encoded.byteLength)).toBeLessThanOrEqual(
        Number(one.stat?.modTime ?? 0n) > 2 ** 53 ? 1 : 0,
      );
    }),
    { numRuns: 300 },
  );
});

test("a captured transfer of one file counts as upstream counted it", () => {
  const path = { path: "Dockerfile", mode: 420, size: 22n, modTime: 1795357556079679286n };
  const packets = [{ stat: path }, {}, { type: 2, data: Buffer.alloc(22) }, { type: 2 }, { type: 3 }];
  const sizes = packets.map((packet) => packetSize(decode(fsutil.Packet, encode(fsutil.Packet, packet))));
  expect(sizes).toEqual([29, 0, 26, 2, 2]);
});
