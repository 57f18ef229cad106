import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CooperError, type Digest, sha256 } from "../kit/index.ts";
import { encode, type Init, pb } from "../wire/index.ts";
import { buildDefinition, image, scratch, unmarshalDefinition } from "./index.ts";
import { marshalHead } from "./marshal.ts";

const platform = { os: "linux", architecture: "amd64" };
const source = (identifier: string): Init<pb.Op> => ({ op: { case: "source", value: { identifier } } });
const merge = (...inputs: readonly string[]): Init<pb.Op> => ({
  inputs: inputs.map((digest) => ({ digest })),
  op: { case: "merge", value: { inputs: inputs.map((_, input) => ({ input: BigInt(input) })) } },
});

function definition(ops: readonly Init<pb.Op>[], head?: string): Uint8Array {
  const def = ops.map((op) => encode(pb.Op, op));
  const last = head ?? (def.length > 0 ? sha256(def.at(-1) as Uint8Array) : undefined);
  return encode(pb.Definition, {
    def: last === undefined ? def : [...def, marshalHead({ digest: last as Digest, index: 0 })],
  });
}
const digestOf = (op: Init<pb.Op>) => sha256(encode(pb.Op, op));

describe("unmarshalDefinition()", () => {
  it("gives every vertex once, inputs before those who use them", () => {
    const [a, b] = [source("docker-image://a"), source("docker-image://b")];
    const left = merge(digestOf(a), digestOf(b));
    const right = merge(digestOf(b), digestOf(a));
    const top = merge(digestOf(left), digestOf(right));
    const parsed = unmarshalDefinition(definition([right, left, b, a, top]));
    expect(parsed.vertices.map(({ digest }) => digest)).toEqual([a, b, left, right, top].map(digestOf));
    expect(parsed.head).toEqual({ digest: digestOf(top), index: 0 });
  });

  it("leaves out what the head does not reach", () => {
    const [a, b] = [source("docker-image://a"), source("docker-image://b")];
    expect(unmarshalDefinition(definition([a, b])).vertices).toHaveLength(1);
  });

  it("takes nothing at all for scratch", () => {
    expect(unmarshalDefinition(new Uint8Array()).head).toBeUndefined();
    expect(buildDefinition(scratch(), { platform }).head).toBeUndefined();
  });

  it("knows a vertex by the bytes received, fields that it does not know included", () => {
    const bytes = Buffer.concat([encode(pb.Op, source("docker-image://a")), Buffer.from("f8ff0301", "hex")]);
    const head = marshalHead({ digest: sha256(bytes), index: 0 });
    const [vertex] = unmarshalDefinition(encode(pb.Definition, { def: [bytes, head] })).vertices;
    expect(Buffer.from(vertex?.bytes ?? []).equals(bytes)).toBe(true);
    expect(vertex?.digest).toBe(sha256(bytes));
  });

  it("refuses a missing input, naming it", () => {
    const missing = `sha256:${"a".repeat(64)}`;
    expect(() => unmarshalDefinition(definition([merge(missing)]))).toThrow(`invalid missing input digest ${missing}`);
    expect(() => unmarshalDefinition(definition([source("x://y")], missing))).toThrow(missing);
  });

  it("refuses digests that are none, indexes outside, ops without body, heads with one", () => {
    const a = source("docker-image://a");
    const bad: [Uint8Array, RegExp][] = [
      [definition([merge("md5:00")]), /cannot parse digest/],
      [
        definition([
          a,
          { inputs: [{ digest: digestOf(a) }], op: { case: "merge", value: { inputs: [{ input: 7n }] } } },
        ]),
        /input 7 of 1/,
      ],
      [definition([{ constraints: {} }]), /no body/],
      [encode(pb.Definition, { def: [encode(pb.Op, merge(digestOf(a)))] }), /last op/],
      [definition([{ op: { case: "exec", value: { meta: { args: [] } } } }]), /no arguments/],
      [definition([{ op: { case: "file", value: { actions: [{ input: 0n }] } } }]), /input 0 of 0/],
    ];
    for (const [bytes, message] of bad) expect(() => unmarshalDefinition(bytes)).toThrow(message);
  });

  it("reads a chain of ten thousand steps", () => {
    const ops = [source("docker-image://a")];
    for (let step = 0; step < 10_000; step++) ops.push(merge(digestOf(ops.at(-1) as Init<pb.Op>)));
    expect(unmarshalDefinition(definition(ops)).vertices).toHaveLength(10_001);
  });

  it("throws nothing but CooperErrors when bytes of a good definition are changed", () => {
    const run = image("docker.io/library/a:latest", { platform }).run({ args: ["x"], customName: "y" });
    const good = buildDefinition(run, { platform }).bytes;
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, end) => {
        const bytes = Uint8Array.from(good.subarray(0, end));
        if (at < bytes.length) bytes[at] = byte;
        try {
          unmarshalDefinition(bytes);
        } catch (error) {
          if (!(error instanceof CooperError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
