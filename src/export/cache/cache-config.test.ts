import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CooperError, type Digest, sha256 } from "../../kit/index.ts";
import {
  type CachedResult,
  encodeCacheConfig,
  encodeInlineRecords,
  parseCacheConfig,
  parseInlineRecords,
} from "./cache-config.ts";

const digest = fc.integer({ min: 0, max: 30 }).map((number): Digest => sha256(`${number}`));
const createdAt = "2026-01-02T03:04:05Z";
const chain = fc.array(digest, { maxLength: 4 });
const result = fc.record({
  key: fc.integer({ min: 0, max: 1000 }).map((number): Digest => sha256(`key ${number}`)),
  quick: fc.constant<Digest[]>([]),
  outputs: fc
    .array(chain, { minLength: 1, maxLength: 3 })
    .map((chains) => chains.map((one) => ({ chain: one, createdAt: one.length === 0 ? "" : createdAt }))),
});
const results = fc.uniqueArray(result, { selector: ({ key }) => key, maxLength: 8 });

/** The results that have one of the keys of `wanted`, which is all that a solver asks for. */
function known(found: readonly CachedResult[], wanted: readonly CachedResult[]): Map<Digest, CachedResult> {
  const keys = new Set(wanted.map(({ key }) => key));
  return new Map(found.filter(({ key }) => keys.has(key)).map((one) => [one.key, one]));
}

describe("the config of a cache", () => {
  test("gives back what was put in", () => {
    fc.assert(
      fc.property(results, (list) => {
        expect(known(parseCacheConfig(encodeCacheConfig(list)), list)).toEqual(
          new Map(list.map((one) => [one.key, one])),
        );
      }),
    );
  });

  test("keeps the quick keys that lead to a key", () => {
    const [key, quick] = [sha256("key"), sha256("quick")];
    const list = [{ key, quick: [quick], outputs: [{ chain: [sha256("layer")], createdAt }] }];
    expect(known(parseCacheConfig(encodeCacheConfig(list)), list).get(key)?.quick).toEqual([quick]);
  });

  test("of an image refers to the image's own layers", () => {
    const layers = [sha256("a"), sha256("b"), sha256("c")];
    const list = [{ key: sha256("key"), quick: [], outputs: [{ chain: layers.slice(0, 2), createdAt }] }];
    expect(parseInlineRecords(encodeInlineRecords(list), layers)).toEqual(list);
  });

  test("of upstream's shape: a missing parent is layer 0, -1 is none", () => {
    const [a, b] = [sha256("a"), sha256("b")];
    const list = [{ key: sha256("key"), quick: [], outputs: [{ chain: [a, b], createdAt }] }];
    const { layers } = JSON.parse(encodeCacheConfig(list).toString());
    const below = layers.findIndex((layer: { parent?: number }) => layer.parent === -1);
    expect(layers[1 - below]).toEqual({ blob: b, ...(below === 0 ? {} : { parent: below }) });
  });

  test("that is broken is refused, whatever it is", () => {
    const bytes = encodeCacheConfig([
      { key: sha256("k"), quick: [sha256("q")], outputs: [{ chain: [sha256("a"), sha256("b")], createdAt }] },
    ]).toString();
    const broken = fc.tuple(fc.nat(bytes.length), fc.nat(20), fc.string({ maxLength: 6 }));
    fc.assert(
      fc.property(broken, ([at, length, insert]) => {
        const text = bytes.slice(0, at) + insert + bytes.slice(at + length);
        try {
          parseCacheConfig(Buffer.from(text));
        } catch (error) {
          expect(error).toBeInstanceOf(CooperError);
        }
      }),
    );
  });

  test("with a circle of layers, or a layer that is none, is refused", () => {
    const record = { digest: sha256("r"), layers: [{ layer: 0, createdAt }] };
    const circle = { layers: [{ blob: sha256("a"), parent: 0 }], records: [record] };
    expect(() => parseCacheConfig(Buffer.from(JSON.stringify(circle)))).toThrow("circle of layers");
    expect(() => parseCacheConfig(Buffer.from(JSON.stringify({ layers: [], records: [record] })))).toThrow(
      "no layer 0",
    );
  });
});
