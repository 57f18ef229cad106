// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings are Dockerfile syntax
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { replacePattern, trimPrefix, trimSuffix } from "./pattern.ts";

/** The same questions asked of JavaScript's backtracking engine, on inputs where that is harmless. */
const source = (pattern: string, longest: boolean) =>
  Array.from(pattern)
    .map((character) => {
      if (character === "*") return longest ? "[^\\n]*" : "[^\\n]*?";
      return character === "?" ? "[^\\n]" : character;
    })
    .join("");

const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 6 });
const value = fc.string({ unit: fc.constantFrom("a", "b", "\n"), maxLength: 12 });

describe("shell patterns", () => {
  it("trim the same prefix as a regular expression", () => {
    fc.assert(
      fc.property(pattern, value, fc.boolean(), (glob, text, longest) => {
        expect(trimPrefix(glob, text, longest)).toBe(text.replace(new RegExp(`^${source(glob, longest)}`), ""));
      }),
    );
  });

  it("replace the first match as a regular expression does", () => {
    fc.assert(
      fc.property(pattern, value, (glob, text) => {
        expect(replacePattern(glob, text, "X", false)).toBe(text.replace(new RegExp(source(glob, true)), "X"));
      }),
    );
  });

  it("replace all matches, none of them empty right after another", () => {
    expect(replacePattern("", "ab", "-", true)).toBe("-a-b-");
    expect(replacePattern("*", "ab", "-", true)).toBe("-");
    expect(replacePattern("a", "aab", "-", true)).toBe("--b");
    expect(replacePattern("*", "", "-", true)).toBe("-");
  });

  it("expand group names in the replacement of all, and only there", () => {
    expect(replacePattern("b", "abc", "[$0]", true)).toBe("a[b]c");
    expect(replacePattern("b", "abc", "[$0]", false)).toBe("a[$0]c");
    expect(replacePattern("b", "abc", "${0}$$$1$name$", true)).toBe("ab$$c");
  });

  it("trim the shortest and the longest suffix", () => {
    expect(trimSuffix(".*", "a.b.c", false)).toBe("a.b");
    expect(trimSuffix(".*", "a.b.c", true)).toBe("a");
    expect(trimSuffix("\\*", "a*", false)).toBe("a");
    expect(trimSuffix("?", "a👽", false)).toBe("a");
  });

  it("refuse escapes of ordinary characters", () => {
    expect(() => trimPrefix("\\a", "a", false)).toThrow("invalid escape '\\a'");
    expect(() => trimPrefix("a\\", "a", false)).toThrow("invalid escape");
  });
});
