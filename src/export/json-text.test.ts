import { describe, expect, test } from "vitest";
import { compactJson, indentJson, sortedJson } from "./json-text.ts";

describe("compactJson()", () => {
  test("takes spaces away and leaves the rest, but for what Go escapes", () => {
    const text = ' { "b" : 1.0, "a":[ ] , "a": "x <y> \\" , {" } ';
    expect(compactJson(text, "export/bad-attestation")).toBe('{"b":1.0,"a":[],"a":"x \\u003cy\\u003e \\" , {"}');
  });
  test("takes strings of any length", () => {
    const text = JSON.stringify({ a: "x".repeat(2e7), b: '\\"'.repeat(4e6) });
    expect(compactJson(text, "export/bad-attestation") === text).toBe(true);
  });
  test("has null for nothing, and refuses what is no JSON", () => {
    expect(compactJson("", "export/bad-attestation")).toBe("null");
    expect(() => compactJson("{} {}", "export/bad-attestation")).toThrow(/JSON/);
  });
});

test("indentJson() is JSON.stringify's form of a document", () => {
  const value = { a: [], b: {}, c: [1, { d: "}" }], e: null };
  expect(indentJson(JSON.stringify(value))).toBe(JSON.stringify(value, undefined, 2));
});

test("sortedJson() has keys in order of their bytes, numbers first", () => {
  expect(sortedJson({ b: [{ z: 1, y: 2 }], a: null, "10": 0, "9": 0 })).toBe(
    '{"10":0,"9":0,"a":null,"b":[{"y":2,"z":1}]}',
  );
});
