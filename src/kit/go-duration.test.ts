import { expect, test } from "vitest";
import { goDuration } from "./go-duration.ts";

test.each([
  ["0", 0],
  ["1.5s", 1500],
  ["1h30m", 5_400_000],
  ["-10ms", -10],
  ["250us", 0.25],
  ["5", undefined],
  ["5 s", undefined],
  ["", undefined],
])("goDuration(%j) is %j milliseconds", (text, expected) => {
  expect(goDuration(text)).toBe(expected);
});
