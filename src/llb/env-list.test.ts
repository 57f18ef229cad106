import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EnvList } from "./env-list.ts";

describe("EnvList", () => {
  it("behaves like a map that is copied, whose entries move to the end when they are set again", () => {
    const change = fc.tuple(fc.integer({ min: 0, max: 90 }), fc.option(fc.string(), { nil: undefined }), fc.boolean());
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
        let list = EnvList.empty;
        const model = new Map<string, string>();
        for (const [key, value, look] of changes) {
          const earlier = list;
          const snapshot = look ? earlier.toArray() : undefined;
          model.delete(`K${key}`);
          if (value !== undefined) model.set(`K${key}`, value);
          list = value === undefined ? list.delete(`K${key}`) : list.set(`K${key}`, value);
          expect(list.get(`K${key}`)).toBe(value);
          if (snapshot !== undefined) expect(earlier.toArray()).toEqual(snapshot);
        }
        expect(list.keys()).toEqual([...model.keys()]);
        for (let key = 0; key <= 90; key++) expect(list.get(`K${key}`)).toBe(model.get(`K${key}`));
      }),
      { numRuns: 200 },
    );
  });

  it("takes a hundred thousand changes, looking in between", () => {
    let list = EnvList.empty;
    for (let at = 0; at < 100_000; at++) {
      list = list.set(`K${at % 1000}`, String(at));
      expect(list.get(`K${at % 1000}`)).toBe(String(at));
    }
    expect(list.keys()).toHaveLength(1000);
  });
});
