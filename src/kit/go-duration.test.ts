import { expect, test } from "vitest";
import { formatGoDuration, goDuration } from "./go-duration.ts";

test.each([
  ["0", 0],
  ["1.5s", 1500],
  ["1h30m", 5_400_000],
  ["-10ms", -10],
  ["250us", 0.25],
  ["250\u03bcs", 0.25],
  ["24h", 86_400_000],
  ["+0", 0],
  ["0s0", undefined],
  ["5", undefined],
  ["5 s", undefined],
  ["", undefined],
])("goDuration(%j) is %j milliseconds", (text, expected) => {
  expect(goDuration(text)).toBe(expected);
});

test.each([
  [0, "0s"],
  [1, "1ns"],
  [1_500, "1.5µs"],
  [1_000_000, "1ms"],
  [1_500_000_000, "1.5s"],
  [30_000_000_000, "30s"],
  [60_000_000_000, "1m0s"],
  [3_661_000_000_000, "1h1m1s"],
  [-2_000_000_000, "-2s"],
])("formatGoDuration(%d) is %s", (nanoseconds, text) => {
  expect(formatGoDuration(nanoseconds)).toBe(text);
});
