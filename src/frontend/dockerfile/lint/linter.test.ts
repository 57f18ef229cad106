import { describe, expect, it } from "vitest";
import { dockerfileSource, lineRanges } from "../parse/index.ts";
import { createLinter, type LintFinding, lintConfigOf, parseLintConfig, readLintOption, rules } from "./index.ts";

const here = lineRanges(1, 1);

function linterOf(check: string) {
  const found: LintFinding[] = [];
  const linter = createLinter(parseLintConfig(check), (finding) => found.push(finding));
  return { linter, found: () => found.map(({ rule }) => rule) };
}

describe("createLinter()", () => {
  it("hands over findings with the rule's sentence", () => {
    const found: LintFinding[] = [];
    const linter = createLinter(parseLintConfig(""), (finding) => found.push(finding));
    linter.run(rules.undefinedVar, here, "FO", "FOO");
    expect(found).toEqual([
      {
        rule: "UndefinedVar",
        description: "Variables should be defined before their use",
        url: "https://docs.docker.com/go/dockerfile/rule/undefined-var/",
        message: "Usage of undefined variable '$FO' (did you mean $FOO?)",
        location: here,
      },
    ]);
  });

  it("leaves out what is skipped, and experimental rules unless asked for", () => {
    for (const [check, expected] of [
      ["", ["MaintainerDeprecated"]],
      ["skip=MaintainerDeprecated", []],
      ["skip=all", []],
      ["experimental=all", ["MaintainerDeprecated", "InvalidDefinitionDescription"]],
      ["skip=all;experimental=InvalidDefinitionDescription", ["InvalidDefinitionDescription"]],
      ["skip=InvalidDefinitionDescription;experimental=all", ["MaintainerDeprecated", "InvalidDefinitionDescription"]],
    ] as const) {
      const { linter, found } = linterOf(check);
      linter.run(rules.maintainerDeprecated, here);
      linter.run(rules.invalidDefinitionDescription, here, "ARG", "X");
      expect(found()).toEqual(expected);
    }
  });

  it("honours check comments above one instruction", () => {
    const { linter, found } = linterOf("");
    linter.withComments(["x", "check=skip=MaintainerDeprecated"]).run(rules.maintainerDeprecated, here);
    linter.withComments(["check=nonsense"]).run(rules.fromAsCasing, here, "FROM", "as");
    linter.run(rules.maintainerDeprecated, here);
    expect(found()).toEqual(["FromAsCasing", "MaintainerDeprecated"]);
  });

  it("turns findings into an error when told, derived linters' too", () => {
    const { linter } = linterOf("error=true");
    expect(linter.error()).toBeUndefined();
    linter.withComments(["check=skip=UndefinedVar"]).run(rules.maintainerDeprecated, here);
    linter.run(rules.fromAsCasing, here, "FROM", "as");
    linter.run(rules.fromAsCasing, here, "FROM", "as");
    expect(linter.error()?.message).toBe("lint violation found for rules: FromAsCasing, MaintainerDeprecated");
    const { linter: lenient } = linterOf("");
    lenient.run(rules.maintainerDeprecated, here);
    expect(lenient.error()).toBeUndefined();
  });
});

describe("parseLintConfig()", () => {
  it("reads lists and trims them", () => {
    expect(parseLintConfig(" skip = A , B ;error= TRUE ;experimental=C ")).toEqual({
      skipAll: false,
      skipRules: ["A", "B"],
      experimentalAll: false,
      experimentalRules: ["C"],
      returnAsError: true,
    });
  });

  it.each([
    ["skip", 'invalid check option "skip"'],
    ["skipp=all", 'invalid check option "skipp"'],
    ["error=maybe", 'failed to parse check option "error=maybe": strconv.ParseBool: parsing "maybe": invalid syntax'],
    ["skip=A;error=1;skip=B;x", undefined],
  ])("judges %j", (text, message) => {
    if (message === undefined) expect(parseLintConfig(text).skipRules).toEqual(["B;x"]);
    else expect(() => parseLintConfig(text)).toThrow(expect.objectContaining({ message }));
  });
});

describe("lintConfigOf()", () => {
  const dockerfile = dockerfileSource(Buffer.from("# syntax=x\n# check=skip=A and more\nFROM a\n"));

  it("takes the option, else the directive", () => {
    expect(lintConfigOf(dockerfile, undefined).skipRules).toEqual(["A"]);
    expect(lintConfigOf(dockerfile, readLintOption("skip=B")).skipRules).toEqual(["B"]);
    expect(lintConfigOf(dockerfile, readLintOption("")).skipRules).toEqual([]);
  });

  it("tells which of them is wrong", () => {
    expect(() => readLintOption("x")).toThrow("failed to parse build-arg:BUILDKIT_DOCKERFILE_CHECK: invalid");
    expect(() => lintConfigOf(dockerfileSource(Buffer.from("# check=x")), undefined)).toThrow(
      "failed to parse check options",
    );
  });
});
