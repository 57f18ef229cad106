import { describe, expect, it } from "vitest";
import { type Fields, parseFilters } from "./filter.ts";

const things: Record<string, string> = { id: "abc", type: "source.local", "labels.a.b": "c d", shared: "" };
const fields: Fields = (path) => things[path.join(".")];
const holds = (...filters: string[]) => parseFilters(filters)(fields);

describe("parseFilters()", () => {
  it("takes all of one list and any of several", () => {
    expect(holds()).toBe(true);
    expect(holds("")).toBe(true);
    expect(holds("id==abc,type==source.local")).toBe(true);
    expect(holds("id==abc,type==regular")).toBe(false);
    expect(holds("type==regular", "id==abc")).toBe(true);
  });

  it("knows presence, inequality, patterns and quotes", () => {
    expect(holds("shared")).toBe(true);
    expect(holds("nothing")).toBe(false);
    expect(holds("id!=x, nothing!=x")).toBe(true);
    expect(holds("type~=^source[.]")).toBe(true);
    expect(holds("type~=|^source|")).toBe(true);
    expect(holds("type~=/reg[/")).toBe(false);
    expect(holds('labels."a.b"=="c d"')).toBe(true);
  });

  // The sentences are containerd's.
  it.each([
    ["type=~[", '[type >|=|< ~[]: unsupported operator "=~"'],
    ["type==regular,", "[type==regular,]: expected field or quoted"],
    ["id==", "[id==]: expected value or quoted"],
    ['id=="x', '[id== >|"|< x]: quoted literal not terminated'],
  ])("refuses %s", (text, said) => {
    expect(() => holds(text)).toThrow(`filters: parse error: ${said}: invalid argument`);
  });
});
