import { describe, expect, it } from "vitest";
import { csvFields } from "./csv.ts";
import { parseByteSize, parseDuration } from "./values.ts";

describe("parseByteSize()", () => {
  it.each([
    ["1024", 1024],
    ["1k", 1024],
    ["1 KiB", 1024],
    ["1.5m", 1572864],
    ["2GB", 2147483648],
    ["1e3", 1000],
    ["7b", 7],
    ["", undefined],
    ["k", undefined],
    ["-1", undefined],
    ["1kk", undefined],
    ["1 x", undefined],
    ["1bb", undefined],
    ["1..5", undefined],
  ])("%j is %j", (text, size) => expect(parseByteSize(text)).toBe(size));
});

describe("parseDuration()", () => {
  it.each([
    ["0", 0],
    ["1h2m3s", 3723e9],
    ["1.5s", 1.5e9],
    [".5ms", 5e5],
    ["-1s", -1e9],
    ["3us", 3000],
    ["3µs", 3000],
    ["7ns", 7],
  ])("%j is %j nanoseconds", (text, nanoseconds) => expect(parseDuration(text)).toBe(nanoseconds));

  it.each([
    ["", 'time: invalid duration ""'],
    ["-", 'time: invalid duration "-"'],
    ["s", 'time: invalid duration "s"'],
    ["5", 'time: missing unit in duration "5"'],
    ["1s5", 'time: missing unit in duration "1s5"'],
    ["5d", 'time: unknown unit "d" in duration "5d"'],
    ["9999999h", 'time: invalid duration "9999999h"'],
  ])("%j: %s", (text, message) => expect(() => parseDuration(text)).toThrow(expect.objectContaining({ message })));
});

describe("csvFields()", () => {
  it.each([
    ["a,b", ["a", "b"]],
    ["a,", ["a", ""]],
    [",", ["", ""]],
    ['"a,b","c""d"', ["a,b", 'c"d']],
    ["a\r\n", ["a"]],
  ])("%j", (text, fields) => expect(csvFields(text)).toEqual(fields));
});
