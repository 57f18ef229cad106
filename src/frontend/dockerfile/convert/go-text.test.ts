import { describe, expect, it } from "vitest";
import { formatGoDuration, parseGoInt } from "./go-text.ts";

describe("parseGoInt()", () => {
  it("reads signs", () => {
    expect([parseGoInt("+5"), parseGoInt("-5"), parseGoInt("007")]).toEqual([5, -5, 7]);
  });

  it.each([
    ["", false, 'strconv.ParseInt: parsing "": invalid syntax'],
    ["5m", false, 'strconv.ParseInt: parsing "5m": invalid syntax'],
    ["-1", true, 'strconv.ParseUint: parsing "-1": invalid syntax'],
    ["9223372036854775808", false, 'strconv.ParseInt: parsing "9223372036854775808": value out of range'],
  ])("refuses %j", (text, unsigned, message) => {
    expect(() => parseGoInt(text, unsigned)).toThrow(message);
  });
});

describe("formatGoDuration()", () => {
  it.each([
    [0, "0s"],
    [1, "1ns"],
    [1_500, "1.5µs"],
    [1_000_000, "1ms"],
    [1_500_000_000, "1.5s"],
    [30_000_000_000, "30s"],
    [60_000_000_000, "1m0s"],
    [3_661_000_000_000, "1h1m1s"],
    [-2_000_000_000, "-2s"],
  ])("%d", (nanoseconds, text) => {
    expect(formatGoDuration(nanoseconds)).toBe(text);
  });
});
