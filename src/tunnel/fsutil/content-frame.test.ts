import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fsutil } from "../../grpc/index.ts";
import { decode, encode } from "../../wire/index.ts";
import { contentFrame, contentHead, smallFile } from "./content-frame.ts";

const folder = mkdtempSync(join(tmpdir(), "cooper-content-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { DATA } = fsutil.PacketType;
const ids = [0, 1, 127, 128, 20_000, 2 ** 31, 2 ** 32 - 1];

/** The packets in a row of gRPC frames. */
function packets(bytes: Uint8Array): fsutil.Packet[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: fsutil.Packet[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const size = view.getUint32(at + 1);
    found.push(decode(fsutil.Packet, bytes.subarray(at + 5, at + 5 + size)));
    at += 5 + size;
  }
  return found;
}

test.each(ids)("a packet of file %d is what the codec makes of it", (id) => {
  const data = Buffer.alloc(300, "x");
  const whole = Buffer.from(encode(fsutil.Packet, { type: DATA, id, data }));
  expect(Buffer.concat([contentHead(id, data.byteLength), data]).equals(whole)).toBe(true);
  expect(packets(contentFrame(id))).toMatchObject([{ type: DATA, id, data: new Uint8Array(0) }]);
});

test.each([0, 1, 127, 128, 5000, 65_536])("a file of %d bytes is its content and its end", (size) => {
  const path = join(folder, `f${size}`);
  const data = Buffer.alloc(size, "y");
  writeFileSync(path, data);
  const found = packets(smallFile(path, 300, size) ?? new Uint8Array(0));
  const contents = size === 0 ? [data] : [data, Buffer.alloc(0)];
  expect(found.map((packet) => Buffer.from(packet.data).equals(contents.shift() ?? data))).not.toContain(false);
  expect(found.map(({ id }) => id)).toEqual(size === 0 ? [300] : [300, 300]);
});

test("a file that shrank is what it is now, one that grew is left to others, one that is gone is empty", () => {
  const path = join(folder, "changed");
  writeFileSync(path, "abc");
  expect(packets(smallFile(path, 1, 100) ?? new Uint8Array(0)).map(({ data }) => Buffer.from(data).toString())).toEqual(
    ["abc", ""],
  );
  expect(smallFile(path, 1, 2)).toBeUndefined();
  expect(packets(smallFile(join(folder, "none"), 1, 9) ?? new Uint8Array(0))).toHaveLength(1);
});
