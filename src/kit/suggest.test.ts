import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, suggest } from "./suggest.ts";

/** The textbook way. */
function fullDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

describe("editDistance()", () => {
  it("agrees with the textbook up to its limit", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 4 }), (a, b, limit) => {
        expect(editDistance(a, b, limit)).toBe(Math.min(fullDistance(a, b), limit + 1));
      }),
    );
  });

  it("is quick for long words that are nearly equal", () => {
    expect(editDistance("a".repeat(200_000), `${"a".repeat(200_000)}b`, 2)).toBe(1);
  });
});

describe("suggest()", () => {
  it("takes the nearest, whatever its case unless told", () => {
    expect(suggest("taget", ["forget", "target"])).toBe("target");
    expect(suggest("TAGET", ["target"])).toBe("target");
    expect(suggest("TAGET", ["target"], 2, true)).toBeUndefined();
    expect(suggest("xyz", ["target"])).toBeUndefined();
  });
});
