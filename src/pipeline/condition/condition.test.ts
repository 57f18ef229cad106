import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ConditionContext, evaluateCondition } from "./evaluate.ts";

const context: ConditionContext = {
  variables: new Map<string, string | number | null | string[]>([
    ["build.branch", "feature/x"],
    ["build.tag", null],
    ["build.number", 7],
    ["build.message", 'say "hi"\nmore'],
    ["build.pull_request.labels", ["a", "needs-qa"]],
  ]),
  env: (name) => (name === "CI" ? "true" : null),
};
const evaluate = (text: string) => evaluateCondition(text, context);

describe("evaluateCondition()", () => {
  test.each([
    ['build.branch == "feature/x"', true],
    ["build.branch == 'main'", false],
    ['build.branch != "main"', true],
    ["build.branch =~ /^feature\\//", true],
    ["build.branch =~ /^FEATURE/i", true],
    ["build.branch !~ /^feature/", false],
    ["build.tag == null", true],
    ["build.tag =~ /^v/", false],
    ["build.number == 7", true],
    ['build.number == "7"', false],
    ['build.env("CI") == "true"', true],
    ['build.env("NO") == null', true],
    ['env("CI") != null', true],
    ['build.pull_request.labels includes "needs-qa"', true],
    ['build.pull_request.labels includes "b"', false],
    ['["x", build.branch] includes "feature/x"', true],
    ["true || false && false", true],
    ["(true || false) && false", false],
    ["!(build.number == 7)", false],
    ["!build.tag", true],
    ['build.message == "say \\"hi\\"\\nmore"', true],
    ["// a comment\n  build.branch == 'feature/x' && // another\n  !false", true],
    ["false && build.tag =~ /x/", false],
  ])("%j is %j", (text, wanted) => {
    expect(evaluate(text)).toBe(wanted);
  });

  test.each([
    ["build.brunch == 1", "there is no variable build.brunch"],
    ["build.branch ==", "it ends too early at character 16"],
    ["build.branch = 'x'", 'unexpected "=" at character 14'],
    ["build.branch == 'x' 'y'", "unexpected \"'y'\" at character 21"],
    ["(true", "it ends too early"],
    ["build.branch =~ 'x'", "no regular expression stands right of =~"],
    ["build.branch =~ /(/", "/(/ is no regular expression at character 17"],
    ["build.env()", "build.env takes one text"],
    ["", "it ends too early"],
  ])("%j is refused: %s", (text, message) => {
    expect(() => evaluate(text)).toThrow(
      expect.objectContaining({
        code: "pipeline/condition",
        message: expect.stringContaining(message),
        hint: expect.any(String),
      }),
    );
  });

  test("no text makes it fail otherwise", () => {
    const bits = fc.constantFrom(
      "build.branch",
      "build.env(",
      ")",
      "(",
      "!",
      "==",
      "&&",
      "||",
      '"a"',
      "'",
      "/a/",
      "[",
      "]",
      ",",
      " ",
      "1",
      "//",
      "\n",
      "é",
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 30 }), (parts) => {
        try {
          evaluate(parts.join(""));
        } catch (error) {
          expect(error).toHaveProperty("code", "pipeline/condition");
        }
      }),
      { numRuns: 1000 },
    );
    expect(() => evaluate("(".repeat(5000))).toThrow("nests too deep");
  });
});
