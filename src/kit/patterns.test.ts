import fc from "fast-check";
import { expect, test } from "vitest";
import { compileBothWays, goMatch, hasWildcard } from "./glob.ts";
import { readIgnoreFile } from "./ignore-file.ts";
import { type MatchState, PatternMatcher } from "./patterns.ts";

const matches = (patterns: string | readonly string[], path: string) =>
  new PatternMatcher(typeof patterns === "string" ? [patterns] : patterns).matches(path);

// Outcomes of moby/patternmatcher's own behaviour.
test.each([
  ["**", "file", true],
  ["**", "dir/file", true],
  ["**/", "file", true],
  ["**/**", "dir/file", true],
  ["dir/**", "dir/file", true],
  ["dir/**", "dir", false],
  ["**/dir", "dir", true],
  ["**/dir", "a/dir/file", true],
  ["**/dir2/*", "dir/dir2/file", true],
  ["**/dir2/*", "dir/dir2/dir2/file", true],
  ["**file", "file", true],
  ["**file", "dir/xfile", true],
  ["**/file", "dir/xfile", false],
  ["**/file*txt", "dir/dir/file.txt", true],
  ["**/file*.txt*", "dir/dir/file.txt", true],
  ["**/**/*.txt", "dir/dir/file.txt", true],
  ["**/**/*.txt2", "dir/dir/file.txt", false],
  ["**/*.txt", "file.txt", true],
  ["a**/*.txt", "a/file.txt", true],
  ["a**/*.txt", "a/dir/dir/file.txt", true],
  ["a/*.txt", "a/dir/file.txt", false],
  ["a/**/b", "a/b", true],
  ["a/**/b", "a/x/y/b", true],
  ["a[b-d]e", "ace", true],
  ["a[b-d]e", "aze", false],
  ["a[\\b-d]e", "ae", false],
  ["a[^b-d]e", "aze", true],
  [".*", ".foo", true],
  [".*", "foo", false],
  ["abc.def", "abcdef", false],
  ["abc?def", "abc/def", false],
  ["a\\\\", "a\\", true],
  ["**/foo/bar", "dir/foo/bar/baz", true],
  ["abc/**", "abcd", false],
  ["dir/", "dir/file", true],
  ["./dir", "dir", true],
  ["a*b*c*d", "aXbXcXd", true],
  ["*/*/*", "a/b/c", true],
  ["docs", "docs.md", false],
  ["(+$|{}.)", "(+$|{}.)", true],
  ["(+$|{}.)*", "(+$|{}.)x", true],
  ["*.log|*.tmp", "a.log", true],
  ["*.log|*.tmp", "d/a.tmp", true],
  ["*.log|*.tmp", "a.logs", true],
  ["*.log|*.tmp", "d/a.log", false],
  ["a|b", "a", false],
  ["*a|^b?|", "x", true],
  ["*a|^b?\\|", "xbc|", false],
  ["^*a", "xa", true],
  ["*^a", "x^a", false],
  ["*[|^]a", "x|a", true],
  ["*", "/x", true],
  ["?", "/x", false],
  ["a", "/a/b", false],
  ["\uFEFFa", "a", false],
])("pattern %s on %s is %s", (pattern, path, outcome) => {
  expect(matches(pattern, path)).toBe(outcome);
});

test("the last pattern that matches decides, also through a parent directory", () => {
  expect(matches(["**", "!docs"], "docs/a.md")).toBe(false);
  expect(matches(["docs", "!docs/a.md"], "docs/a.md")).toBe(false);
  expect(matches(["docs", "!docs/a.md", "docs/*"], "docs/a.md")).toBe(true);
  expect(matches(["a/b", "!a"], "a/b/c")).toBe(false);
  expect(matches(["!a", "a"], "a")).toBe(true);
  expect(matches([], "a")).toBe(false);
  expect(matches(["", "  ", " a "], "a")).toBe(true);
});

test("a path deep down is matched as one near the top", () => {
  const deep = `${"d/".repeat(40)}x`;
  for (const [pattern, outcome] of [
    ["d/d", true],
    ["d/*", true],
    ["*/*/x", false],
    ["**/x", true],
    ["**/d*x", false],
    [`${"*/".repeat(39)}*`, true],
    [`${"*/".repeat(39)}y`, false],
    ["y*|**x", true],
  ] as const) {
    expect([pattern, matches(pattern, deep)]).toEqual([pattern, outcome]);
  }
});

test("many stars on a long path take no time", () => {
  expect(matches("*a".repeat(1000), `${"a/".repeat(20_000)}b`)).toBe(false);
  expect(matches("**/a*".repeat(400), `${"a/".repeat(2000)}b`)).toBe(true);
}, 60_000);

test.each(["!", "[", "[]", "[]a]", "[-]", "[x-]", "a\\", "a[", "[^bc", "a[\\]"])(
  "pattern %s is an error",
  (pattern) => {
    expect(() => new PatternMatcher([pattern])).toThrow(/^(syntax error in pattern|illegal exclusion pattern: "!")$/);
  },
);

test("goMatch() follows filepath.Match", () => {
  expect(goMatch("*", "a/b")).toBe(false);
  expect(goMatch("a*/b", "abc/b")).toBe(true);
  expect(goMatch("a?b", "a☺b")).toBe(true);
  expect(goMatch("[^a]", "/")).toBe(true);
  expect(goMatch("**", "a")).toBe(true);
  expect(goMatch("a*b?c*x", "abxbbxdbxebxczzx")).toBe(true);
  expect(goMatch("\\*", "*")).toBe(true);
  expect(goMatch("", "")).toBe(true);
  expect([hasWildcard("a*"), hasWildcard("a\\*"), hasWildcard("a[b")]).toEqual([true, false, true]);
});

const piece = fc.constantFrom("a", "b", "/", "*", "**", "?", "**/", "[ab]", "[^a]", "\\*", "é");
const pathOf = fc
  .array(fc.constantFrom("a", "b", "c", "/", "*", "é"), { maxLength: 12 })
  .map((parts) => parts.join(""));

test("both engines agree on every pattern and path", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 5 }), pathOf, (pieces, path) => {
      const [expression, machine] = compileBothWays(pieces.join(""));
      expect(machine.matches(path)).toBe(expression.matches(path));
    }),
    { numRuns: 2000 },
  );
});

test("a walk from the top down finds what matches() finds", () => {
  const names = fc.array(fc.constantFrom("a", "b", "ab", "c"), { minLength: 1, maxLength: 5 });
  const line = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => `a${pieces.join("")}`);
  const lines = fc.array(line, { maxLength: 5 });
  fc.assert(
    fc.property(lines, names, (patterns, parts) => {
      const matcher = new PatternMatcher(patterns);
      let state: MatchState | undefined;
      for (let depth = 1; depth <= parts.length; depth++) {
        const own = matcher.newState();
        const path = parts.slice(0, depth).join("/");
        expect(matcher.matchBelow(path, state, own)).toBe(matcher.matches(path));
        state = own;
      }
    }),
    { numRuns: 2000 },
  );
});

test("matchBelow() keeps upstream's oddity: an exception does not reach below a directory that was not matched yet", () => {
  const matcher = new PatternMatcher(["a**a", "!a[^a]"]);
  const state = matcher.newState();
  expect(matcher.matchBelow("ab", undefined, state)).toBe(false);
  expect(matcher.matchBelow("ab/a", state)).toBe(true);
  expect(matcher.matches("ab/a")).toBe(false);
});

test("no pattern takes for ever", () => {
  for (const unit of ["*a", "**/a", "a*", "?*", "[^x]*", "**a"]) {
    const matcher = new PatternMatcher([`${unit.repeat(20)}!`]);
    expect(matcher.matches("a".repeat(500))).toBe(false);
    expect(matcher.matches("a/".repeat(250))).toBe(false);
  }
});

test("readIgnoreFile() reads lines as upstream does", () => {
  expect(readIgnoreFile("\uFEFF# x\n#y\n  a/ \r\n/b/../c\n!  /d\n\n !e\n#\n  # no comment\n/\n!")).toEqual([
    "a",
    "c",
    "!d",
    "!e",
    "# no comment",
    "/",
    "!",
  ]);
});

test("bytes that are no UTF-8 are characters to wildcards, U+FFFD to what is written beside a wildcard, and themselves to plain text", () => {
  const names = ["a\udcffb", "a\udcfeb", "a\ufffdb", "acb"];
  const matched = (pattern: string) => names.filter((name) => new PatternMatcher([pattern]).matches(name));
  expect(matched("a?b")).toEqual(names);
  expect(matched("?\ufffdb")).toEqual(names.slice(0, 3));
  expect(matched("a\ufffdb")).toEqual(["a\ufffdb"]);
  expect(matched("a\ufffd**")).toEqual(["a\ufffdb"]);
  expect(() => new PatternMatcher(["a[\udcff]b"])).toThrow("syntax error in pattern");
  expect(names.filter((name) => goMatch("*\ufffd?", name))).toEqual(["a\ufffdb"]);
  expect(names.filter((name) => goMatch("a[^c]b", name))).toEqual(names.slice(0, 3));
});
