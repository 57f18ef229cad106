import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalQuantity, quantityNanos } from "./quantity.ts";

test.each([
  ["0.5", "500m"],
  ["1024Mi", "1Gi"],
  ["1.5Gi", "1536Mi"],
  ["1000m", "1"],
  ["1500m", "1500m"],
  ["1e3", "1e3"],
  ["1E", "1E"],
  ["0", "0"],
  ["0Mi", "0"],
  ["1025", "1025"],
  ["1000Ki", "1000Ki"],
  ["0.1Ki", "102400m"],
  ["100n", "100n"],
  ["0.1n", "1n"],
  ["-5", "-5"],
])("%s is written %s", (given, canonical) => {
  expect(canonicalQuantity(given)).toBe(canonical);
});

test.each(["", "abc", "1 Gi", "1GiB", "--1", "1ee3"])("%j is no quantity", (text) => {
  expect(() => canonicalQuantity(text)).toThrow("is not a quantity");
});

test("a canonical quantity stays as it is", () => {
  const suffix = fc.constantFrom("", "m", "k", "M", "Ki", "Mi", "Gi", "e3");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), suffix, (amount, unit) => {
      const once = canonicalQuantity(`${amount}${unit}`);
      expect(canonicalQuantity(once)).toBe(once);
    }),
  );
});

test("an amount is billionths of a unit, rounded up", () => {
  expect(quantityNanos("1500m")).toBe(1_500_000_000n);
  expect(quantityNanos("1Mi")).toBe(1_048_576_000_000_000n);
  expect(quantityNanos("0.1n")).toBe(1n);
});
