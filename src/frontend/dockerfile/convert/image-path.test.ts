import { describe, expect, it } from "vitest";
import { isAbsoluteImagePath, normalizeImagePath, normalizeWorkdir } from "./image-path.ts";

describe("normalizeImagePath()", () => {
  it.each([
    ["/w", "a/b", "linux", false, "/w/a/b"],
    ["/w", "a/", "linux", true, "/w/a/"],
    ["/w", "./", "linux", true, "/w/"],
    ["/w", "a/.", "linux", true, "/w/a/."],
    ["/w", "/x", "linux", true, "/x"],
    ["", "..", "linux", false, "/"],
    ["/w", "", "linux", false, "/w"],
    ["/", "a\\b", "linux", false, "/a\\b"],
    ["\\w", "a\\b", "windows", false, "/w/a/b"],
    ["/w", "C:\\x\\", "windows", true, "/x/"],
    ["/w", "c:x", "windows", false, "/w/x"],
  ] as const)("%s + %s (%s, %s)", (parent, path, os, keepSlash, wanted) => {
    expect(normalizeImagePath(parent, path, os, keepSlash)).toBe(wanted);
  });

  it.each([
    ["D:\\x", "The specified path is not on the system drive (C:)"],
    ["C:", 'No relative path specified in "C:"'],
    ["\\\\host\\x", "UNC paths are not supported"],
  ])("refuses %s in a Windows image", (path, message) => {
    expect(() => normalizeImagePath("/", path, "windows", false)).toThrow(message);
  });
});

describe("normalizeWorkdir()", () => {
  it("writes backslashes for Windows", () => {
    expect(normalizeWorkdir("", "C:\\a/b", "windows")).toBe("\\a\\b");
    expect(normalizeWorkdir("/a", "../b", "linux")).toBe("/b");
  });
});

describe("isAbsoluteImagePath()", () => {
  it("knows drives only in Windows images", () => {
    expect(isAbsoluteImagePath("C:\\a", "windows")).toBe(true);
    expect(isAbsoluteImagePath("C:\\a", "linux")).toBe(false);
    expect(isAbsoluteImagePath("D:\\a", "windows")).toBe(false);
  });
});
