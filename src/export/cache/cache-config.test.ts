import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CooperError, type Digest, sha256 } from "../../kit/index.ts";
import {
  type CacheRecord,
  encodeCacheConfig,
  encodeInlineRecords,
  parseCacheConfig,
  parseInlineRecords,
} from "./cache-config.ts";

const createdAt = "2026-01-02T03:04:05Z";
const digest = fc.integer({ min: 0, max: 30 }).map((number): Digest => sha256(`${number}`));
const tree = fc.array(digest, { minLength: 1, maxLength: 4 }).map((chain) => ({ chain, createdAt }));
/** Records of which each rests on earlier ones. */
const records = fc
  .array(fc.tuple(fc.option(tree), fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 2 }), { maxLength: 2 })), {
    maxLength: 8,
  })
  .map((list) =>
    list.map(
      ([result, inputs], at): CacheRecord => ({
        digest: sha256(`key ${at % 5}`),
        inputs: at === 0 ? [] : inputs.map((links) => links.map((link, n) => ({ selector: `${n}`, link: link % at }))),
        results: result === null ? [] : [result],
      }),
    ),
  );

/** The records without their places, which an encoder may choose. */
function spelled(list: readonly CacheRecord[]): string[] {
  const spell = ({ digest: key, inputs, results }: CacheRecord): string =>
    JSON.stringify([
      key,
      results,
      inputs.map((links) =>
        links.map(({ selector, link }) => `${selector} ${spell(list[link] as CacheRecord)}`).sort(),
      ),
    ]);
  return list.map(spell).sort();
}

describe("the config of a cache", () => {
  test("gives back what was put in", () => {
    fc.assert(
      fc.property(records, (list) => {
        expect(spelled(parseCacheConfig(encodeCacheConfig(list)))).toEqual(spelled(list));
      }),
    );
  });

  test("of an image refers to the image's own layers", () => {
    const layers = [sha256("a"), sha256("b"), sha256("c")];
    const list = [{ digest: sha256("key"), inputs: [], results: [{ chain: layers.slice(0, 2), createdAt }] }];
    expect(parseInlineRecords(encodeInlineRecords(list), layers)).toEqual(list);
  });

  test("of an image names layers of a merge one by one", () => {
    const layers = [sha256("a"), sha256("b"), sha256("c")];
    const chains = [{ digest: sha256("key"), chains: [{ layers: [2, 0], createdAt }] }];
    const [record] = parseInlineRecords(Buffer.from(JSON.stringify(chains)), layers);
    expect(record?.results).toEqual([{ chain: [layers[2], layers[0]], createdAt }]);
  });

  test("of upstream's shape: a missing parent is layer 0, -1 is none", () => {
    const [a, b] = [sha256("a"), sha256("b")];
    const list = [{ digest: sha256("key"), inputs: [], results: [{ chain: [a, b], createdAt }] }];
    const { layers } = JSON.parse(encodeCacheConfig(list).toString());
    const below = layers.findIndex((layer: { parent?: number }) => layer.parent === -1);
    expect(layers[1 - below]).toEqual({ blob: b, ...(below === 0 ? {} : { parent: below }) });
  });

  test("that is broken is refused, whatever it is", () => {
    const bytes = encodeCacheConfig([
      { digest: sha256("q"), inputs: [], results: [] },
      {
        digest: sha256("k"),
        inputs: [[{ selector: "s", link: 0 }]],
        results: [{ chain: [sha256("a"), sha256("b")], createdAt }],
      },
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
