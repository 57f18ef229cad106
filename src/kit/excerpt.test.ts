import { describe, expect, it } from "vitest";
import { excerpt } from "./excerpt.ts";

const lines = (count: number) => Buffer.from(Array.from({ length: count }, (_, at) => `line ${at + 1}`).join("\n"));
const range = (start: number, end = start) => ({ start: { line: start }, end: { line: end } });
const numbers = (...args: Parameters<typeof show>) =>
  show(...args)
    .match(/^ +\d+ \| (?:>>>)?/gm)
    ?.map((line) => line.replace(" | ", "").trim());
const show = (count: number, ...ranges: ReturnType<typeof range>[]) =>
  excerpt({ filename: "f", data: lines(count), ranges });

describe("excerpt()", () => {
  it("shows two lines on either side of a single one", () => {
    expect(show(9, range(5))).toBe(
      "f:5\n--------------------\n   3 |     line 3\n   4 |     line 4\n   5 | >>> line 5\n   6 |     line 6\n   7 |     line 7\n--------------------\n",
    );
  });

  it("shows one line on either side of several", () => {
    expect(numbers(9, range(4), range(6))).toEqual(["3", "4>>>", "5", "6>>>", "7"]);
  });

  it("stops at the ends of the file", () => {
    expect(numbers(9, range(1))).toEqual(["1>>>", "2", "3"]);
    expect(numbers(2, range(2))).toEqual(["1", "2>>>"]);
    expect(numbers(3, range(2, 3))).toEqual(["1", "2>>>", "3>>>"]);
    expect(numbers(1, range(1, 7))).toEqual(["1>>>"]);
  });

  it("shows nothing for no place or one outside of the file", () => {
    expect(show(3)).toBe("");
    expect(show(3, range(0))).toBe("");
    expect(show(3, range(4))).toBe("");
  });

  it("an exact place is underlined, tabs kept, and has its column in the head", () => {
    const data = Buffer.from("FROM a\n\tRUN --é=1 x \\\n  y\n");
    const range = (line: number, start: number, end: number) => ({
      start: { line, character: start },
      end: { line, character: end },
    });
    const lines = [range(2, 0, 0), range(3, 0, 0)];
    const rule = "-".repeat(20);
    expect(excerpt({ filename: "D", data, ranges: lines, exact: range(2, 5, 10) })).toBe(
      `D:2:6\n${rule}\n   1 |     FROM a\n   2 | >>> \tRUN --é=1 x \\\n     |     \t    ^^^^^\n   3 | >>>   y\n   4 |     \n${rule}\n`,
    );
    // A whole line needs no mark, and a place that is nowhere gets none.
    expect(excerpt({ filename: "D", data, ranges: lines, exact: range(2, 1, 14) })).toMatch(/^D:2\n/);
    expect(excerpt({ filename: "D", data, ranges: [], exact: range(3, 2, 3) })).toMatch(/^D:3\n/);
    expect(excerpt({ filename: "D", data, ranges: lines, exact: range(9, 1, 2) })).toMatch(/^D:2\n/);
  });

  it("a place of a hundred thousand lines", () => {
    const data = Buffer.from("x\n".repeat(100_000));
    const ranges = Array.from({ length: 100_000 }, (_, at) => ({ start: { line: at + 1 }, end: { line: at + 1 } }));
    expect(excerpt({ filename: "D", data, ranges }).split("\n")).toHaveLength(100_005);
  });
});
