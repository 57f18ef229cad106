import { describe, expect, it } from "vitest";
import { parseGoInt } from "./go-text.ts";

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
