import { describe, expect, it } from "vitest";
import { isSpace, trim } from "./go-space.ts";

describe("isSpace()", () => {
  it("knows Unicode's spaces, and that a byte order mark is none", () => {
    expect(["\u0085", "\u00a0", "\u2003", "\v"].every(isSpace)).toBe(true);
    expect(isSpace("\uFEFF")).toBe(false);
    expect(trim("\u00a0 x\t")).toBe("x");
  });
});
