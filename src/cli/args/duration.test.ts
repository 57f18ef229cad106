import { expect, test } from "vitest";
import { durationNanoseconds } from "./duration.ts";

test.each([
  ["0", 0n],
  ["24h", 86_400_000_000_000n],
  ["1h30m", 5_400_000_000_000n],
  ["1.5s", 1_500_000_000n],
  ["-2ms", -2_000_000n],
])("%s is %d ns", (text, nanoseconds) => {
  expect(durationNanoseconds(text)).toBe(nanoseconds);
});
