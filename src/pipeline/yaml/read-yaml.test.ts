import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Problems } from "../problems.ts";
import { readYaml } from "./read-yaml.ts";
import { placeOn, toPlain } from "./value.ts";

function read(text: string) {
  const problems = new Problems("p.yml");
  const values = readYaml(text, problems);
  return { plain: values.map(toPlain), values, problems: problems.all };
}

describe("readYaml()", () => {
  test('reads "\\:emoji\\:" as ":emoji:" with one warning, and places behind it stay those of the file', () => {
    const { plain, problems, values } = read('steps:\n  - {label: "\\:docker\\: a\\\\:b", key: k}\n  - "\\:x"\n');
    expect(plain).toEqual([{ steps: [{ label: ":docker: a\\:b", key: "k" }, ":x"] }]);
    expect(problems).toMatchObject([{ severity: "warning", rule: "yaml-escape", place: { line: 2, column: 14 } }]);
    expect(problems[0]?.message).toContain("(3 times)");
    expect(values[0] && placeOn(values[0], ["steps", 0, "key"])).toEqual({ line: 2, column: 38 });
  });

  test("another bad escape stays an error, with a fix", () => {
    expect(read('a: "\\q"\n').problems).toMatchObject([
      { severity: "error", place: { line: 1, column: 5 }, fix: "use single quotes, or write the backslash twice" },
    ]);
  });

  test("resolves anchors and merges: own keys win, then earlier merges", () => {
    const { plain } = read("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 3\nl: [*x]\n");
    expect(plain).toMatchObject([{ z: { a: 3, b: 1, c: 2 }, l: [{ a: 1, b: 1 }] }]);
  });

  test("a merged value stands where it was written", () => {
    const { values } = read("x: &x\n  a: 1\nz:\n  <<: *x\n");
    expect(values[0] && placeOn(values[0], ["z", "a"])).toEqual({ line: 2, column: 6 });
  });

  test("words of YAML 1.1 are text, and a number keeps how it was written", () => {
    expect(read("[yes, on, 1.10, 0o14, 12345678901234567890, ~]").plain).toEqual([
      ["yes", "on", 1.1, 12, "12345678901234567890", null],
    ]);
  });

  test("goes on after an error, and finds the next one", () => {
    const { problems } = read("a: 1\na: 2\nb: *nobody\nc: 3\n");
    expect(problems.map(({ place }) => place.line)).toEqual([2, 3]);
  });

  test("several documents are several values; an empty stream is none", () => {
    expect(read("a: 1\n---\n- b\n").plain).toEqual([{ a: 1 }, ["b"]]);
    expect(read("").plain).toEqual([]);
    expect(read("# nothing\n").plain).toEqual([]);
  });

  test("a bomb of aliases ends at once with an error", () => {
    const levels = Array.from({ length: 40 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]`);
    const { problems, plain } = read(`a0: &a0 [x]\n${levels.join("\n")}\n`);
    expect(problems).toMatchObject([{ rule: "too-large" }]);
    expect(plain).toEqual([]);
  });

  test("an alias inside its own anchor, and nesting without end, are errors", () => {
    expect(read("a: &a [*a]\n").problems).toMatchObject([{ rule: "yaml" }]);
    expect(read("[".repeat(100_000)).problems).toMatchObject([{ rule: "too-deep" }]);
    expect(read("- ".repeat(100_000)).problems).toMatchObject([{ rule: "too-deep" }]);
    expect(read(Array.from({ length: 2000 }, (_, n) => `${" ".repeat(n)}a:`).join("\n")).problems).not.toEqual([]);
  });

  test("no text makes it throw", () => {
    const bits = fc.constantFrom(
      "- ",
      "a: ",
      "\n",
      "  ",
      "&a ",
      "*a ",
      "<<: ",
      "[",
      "]",
      "{",
      "}",
      '"',
      "\\:",
      "'",
      "|\n",
      "? ",
      "!x ",
      "#",
      "---\n",
      "\t",
      "é",
      "\0",
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 60 }), (parts) => {
        read(parts.join(""));
      }),
      { numRuns: 500 },
    );
  });
});
