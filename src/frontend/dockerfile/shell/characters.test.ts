import { describe, expect, it } from "vitest";
import { goQuote, isSpace, trim } from "./characters.ts";

describe("goQuote()", () => {
  it("quotes as Go's %q", () => {
    expect(goQuote('a"b\\c')).toBe('"a\\"b\\\\c"');
    expect(goQuote("\t\n\x00\x7f\u00a0\u200b")).toBe('"\\t\\n\\x00\\x7f\\u00a0\\u200b"');
    expect(goQuote("é한👽")).toBe('"é한👽"');
  });
});

describe("isSpace()", () => {
  it("knows Unicode's spaces, and that a byte order mark is none", () => {
    expect(["\u0085", "\u00a0", "\u2003", "\v"].every(isSpace)).toBe(true);
    expect(isSpace("\uFEFF")).toBe(false);
    expect(trim("\u00a0 x\t")).toBe("x");
  });
});
