import { describe, expect, it } from "vitest";
import { checkDirective, detectSyntax, findDirective } from "./directives.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const syntax = (text: string) => {
  const found = detectSyntax(bytes(text));
  return found === undefined ? undefined : [found.value, found.line, found.location[0]?.start.line];
};

describe("detectSyntax()", () => {
  it.each([
    ["# syntax=a/b:1\nFROM x", ["a/b:1", "a/b:1", 1]],
    ["#  SYNTAX  =  a  arg \r\nFROM x", ["a", "a  arg", 1]],
    ["\uFEFF#syntax=a", ["a", "a", 1]],
    ["# escape=`\n# syntax=a", ["a", "a", 2]],
    ["#!/bin/sh\n# syntax=a", ["a", "a", 2]],
    ["// syntax=a b\nx", ["a", "a b", 1]],
    ['{"syntax": "a"}', ["a", "a", 0]],
    ['{"syntax": 1}', undefined],
    ["# a comment\n# syntax=a", undefined],
    ["\n# syntax=a", undefined],
    ["# foo=1\n# syntax=a", undefined],
    ["# syntax=\nFROM x", undefined],
    ["FROM x", undefined],
  ])("%j", (text, expected) => expect(syntax(text)).toEqual(expected));

  it("is not slowed down by a long line", () => {
    expect(syntax(`# syntax=a${" ".repeat(60_000)}b`)?.[0]).toBe("a");
  });
});

describe("findDirective()", () => {
  it("takes no other form", () => {
    expect(findDirective("syntax", bytes("// syntax=a"))).toBeUndefined();
    expect(findDirective("check", bytes("# check=skip=all;error=true later\n"))?.value).toBe("skip=all;error=true");
  });
});

describe("checkDirective()", () => {
  it("reads a comment's text", () => {
    expect(checkDirective("check=skip=A x")).toBe("skip=A");
    expect(checkDirective("checks out")).toBeUndefined();
    expect(checkDirective("syntax=a")).toBeUndefined();
  });
});
