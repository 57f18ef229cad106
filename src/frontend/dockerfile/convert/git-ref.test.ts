import { describe, expect, it } from "vitest";
import { isGitSource, isHttpSource, parseGitRef } from "./git-ref.ts";

describe("parseGitRef()", () => {
  it.each([
    ["https://e.com/a.git", { remote: "https://e.com/a.git", ref: "", subdir: "" }],
    ["https://e.com/a.git#v1/x:d/e", { remote: "https://e.com/a.git", ref: "v1/x", subdir: "d/e" }],
    ["https://u:p@e.com/a.git#:dir", { remote: "https://u:p@e.com/a.git", ref: "", subdir: "dir" }],
    ["git://e.com/a", { remote: "git://e.com/a" }],
    ["git@e.com:a/b", { remote: "git@e.com:a/b" }],
    ["git@e.com:a/b.git?subdir=/s#v1", { remote: "git@e.com:a/b.git", ref: "v1", subdir: "/s" }],
    ["github.com/a/b#main", { remote: "github.com/a/b", ref: "main", looksLocal: true }],
    ["https://e.com/a.git?tag=v1", { ref: "refs/tags/v1" }],
    ["https://e.com/a.git?branch=refs/heads/x", { ref: "refs/heads/x" }],
    ["https://e.com/a.git?ref=v1#v1", { ref: "v1" }],
    ["https://e.com/a.git?commit=abc&mtime=commit", { checksum: "abc", mtime: "commit" }],
    ["https://e.com/a.git?keep-git-dir&submodules=0", { keepGitDir: true, submodules: false }],
    ["https://e.com/a.git?fetch-by-commit=true&checksum=ab#b", { fetchByCommit: true, checksum: "ab", ref: "b" }],
  ])("reads %s", (text, wanted) => {
    expect(parseGitRef(text)).toMatchObject(wanted);
  });

  it.each([
    "https://e.com/a",
    "https://e.com/a.git/",
    "https://e.com/a.git.b",
    "http://e.com/a.git:#b",
    "./a.git",
    "../b",
    ".git",
    "e.com/a/b.git",
    "ftp://e.com/a.git",
    "",
    "a b",
  ])("takes %s for something else", (text) => {
    expect(parseGitRef(text)).toBeUndefined();
  });

  it.each([
    ["?ref=a#b", 'ref conflicts: "b" vs "a"'],
    ["?tag=a&branch=b", "branch conflicts with tag"],
    ["?ref=a&tag=a", 'ref conflicts: "a" vs "refs/tags/a"'],
    ["?mtime=never", 'invalid mtime value: "never" (must be "checkout" or "commit")'],
    ["?fetch-by-commit=x", 'invalid fetch-by-commit value: "x"'],
    ["?what=1", 'unexpected query "what"'],
    ["?ref=", 'query "ref" has no value'],
    ["?ref=a&ref=b", 'query "ref" has multiple values'],
  ])("refuses %s", (query, message) => {
    expect(() => parseGitRef(`https://e.com/a.git${query}`)).toThrow(message);
  });
});

describe("isHttpSource()", () => {
  it("is false for a repository behind https", () => {
    expect([isHttpSource("https://e.com/a.git"), isGitSource("https://e.com/a.git")]).toEqual([false, true]);
    expect([isHttpSource("https://e.com/a.tar"), isGitSource("https://e.com/a.tar")]).toEqual([true, false]);
  });
});
