import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCooperError } from "../kit/index.ts";
import { decode, encode, field, type MessageType, pb, toJson } from "./index.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("encode()", () => {
  it("puts the cases of a union after all other fields, as Go does", () => {
    const op = {
      op: { case: "source", value: { identifier: "x" } },
      constraints: {},
      platform: { os: "linux" },
    } as const;
    expect(hex(encode(pb.Op, op))).toBe("520712056c696e7578" + "5a00" + "1a030a0178");
  });

  it("writes an empty message that is there, and leaves out one that is not", () => {
    expect(hex(encode(pb.Op, { constraints: {} }))).toBe("5a00");
    expect(hex(encode(pb.Op, {}))).toBe("");
  });

  it("sorts maps by the bytes of their keys", () => {
    const attrs = new Map([
      ["b", "1"],
      ["\u{1F600}", "2"],
      ["\uFFFD", "3"],
      ["10", "4"],
      ["9", "5"],
    ]);
    const keys = [...decode(pb.SourceOp, encode(pb.SourceOp, { attrs })).attrs.keys()];
    expect(keys).toEqual(["10", "9", "b", "\uFFFD", "\u{1F600}"]);
  });

  it("sign-extends negative numbers to ten bytes and packs lists of numbers", () => {
    expect(hex(encode(pb.Mount, { input: -1n }))).toBe("08ffffffffffffffffff01");
    expect(hex(encode(pb.FileActionMkDir, { mode: -1 }))).toBe("10ffffffffffffffffff01");
    expect(hex(encode(pb.Meta, { validExitCodes: [0, 300] }))).toBe("62030" + "0ac02");
  });
});

describe("decode()", () => {
  it("fills in defaults", () => {
    const mount = decode(pb.Mount, new Uint8Array());
    expect(mount).toMatchObject({ input: 0n, dest: "", readonly: false, mountType: 0 });
    expect(mount.cacheOpt).toBeUndefined();
  });

  it("gives back what was encoded", () => {
    const meta = {
      args: ["a", ""],
      env: ["A=ü"],
      cwd: "/",
      ulimit: [{ name: "core", soft: -1n, hard: 5n }],
      validExitCodes: [1, -2],
    };
    expect(decode(pb.Meta, encode(pb.Meta, meta))).toMatchObject(meta);
  });

  it("skips fields that nobody knows", () => {
    const unknown = Buffer.from("f8ff0301" + "faff030178" + "fdff0300000000" + "f9ff030000000000000000", "hex");
    expect(decode(pb.Input, Buffer.concat([unknown, encode(pb.Input, { digest: "d" })])).digest).toBe("d");
  });

  it("refuses what is cut short, not UTF-8, or nested without end", () => {
    let nested: Uint8Array = encode(pb.SourceInfo, { filename: "x" });
    // Definition.Source = 3, Source.infos = 2, SourceInfo.definition = 3.
    for (let depth = 0; depth < 100; depth++) nested = wrap(3, wrap(3, wrap(2, nested)));
    const bad = [
      Buffer.from("0a05", "hex"),
      Buffer.from("0a01ff", "hex"),
      Buffer.from("08", "hex"),
      Buffer.from("ff".repeat(12), "hex"),
    ];
    for (const bytes of bad) expect(() => decode(pb.Input, bytes)).toThrow(/cannot decode/);
    expect(() => decode(pb.SourceInfo, nested)).toThrow(/nested too deeply/);
  });

  it("keeps any bytes in a field for names of files, and in the keys of maps", () => {
    const type: MessageType<{ readonly name: string; readonly map: ReadonlyMap<string, Uint8Array> }> = {
      name: "Named",
      fields: [field(1, "name", "raw"), field(2, "map", "bytes", "map")],
    };
    const value = { name: "a\udcff", map: new Map([["\udcfe", Buffer.from("1")]]) };
    const bytes = encode(type, value);
    expect(Buffer.from(bytes).toString("hex")).toBe("0a0261ff" + "1206" + "0a01fe" + "120131");
    expect(decode(type, bytes)).toEqual(value);
    expect(decode(type, encode(type, { name: "ü" })).name).toBe("ü");
  });

  it("throws nothing but wire/malformed for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decode(pb.Definition, bytes);
          decode(pb.Op, bytes);
        } catch (error) {
          if (!isCooperError(error, "wire/malformed")) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });
});

function wrap(field: number, bytes: Uint8Array): Uint8Array {
  const size: number[] = [];
  let rest = bytes.byteLength;
  for (; rest > 127; rest >>= 7) size.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...size, rest]), bytes]);
}

describe("toJson()", () => {
  it("writes what protobuf's JSON is: upstream's names, 64 bits as text, nothing that is at its default", () => {
    const platform = { os: "linux", architecture: "amd64", osVersion: "" };
    const mount = { input: -1n, dest: "/c", mountType: 3, cacheOpt: { id: "/c", sharing: 0 } };
    const exec = { meta: { args: ["a"], user: "" }, mounts: [mount] };
    expect(toJson(pb.Op, { platform, op: { case: "exec", value: exec } })).toEqual({
      exec: { meta: { args: ["a"] }, mounts: [{ input: "-1", dest: "/c", mountType: 3, cacheOpt: { ID: "/c" } }] },
      platform: { OS: "linux", Architecture: "amd64" },
    });
    expect(
      toJson(pb.Definition, { def: [Buffer.from("x")], metadata: new Map([["d", { ignoreCache: true }]]) }),
    ).toEqual({
      def: ["eA=="],
      metadata: { d: { ignoreCache: true } },
    });
  });
});
