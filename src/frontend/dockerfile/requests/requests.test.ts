import { describe, expect, it } from "vitest";
import { encode, pb } from "../../../wire/index.ts";
import type { SourceFile } from "../../contract.ts";
import { createLinter, type LintFinding, parseLintConfig, rules } from "../lint/index.ts";
import { dockerfileSource, lineRanges, locate, parseDockerfile, parseInstructions } from "../parse/index.ts";
import {
  describeResult,
  lintResult,
  type OutlineStage,
  outlineOf,
  outlineResult,
  type RequestResult,
  targetsResult,
} from "./index.ts";

const text = (result: RequestResult, key: string) => Buffer.from(result.get(key) ?? []).toString();
const json = (result: RequestResult) => JSON.parse(text(result, "result.json"));
const source = (content: string): SourceFile => dockerfileSource(new TextEncoder().encode(content));
const at = (line: number) => ({ ranges: [{ start: { line }, end: { line } }] });

function lint(content: string): { file: SourceFile; found: LintFinding[]; error?: unknown } {
  const file = source(content);
  const found: LintFinding[] = [];
  try {
    parseInstructions(
      parseDockerfile(file),
      createLinter(parseLintConfig(""), (finding) => found.push(finding)),
    );
  } catch (error) {
    return { file, found, error };
  }
  return { file, found };
}

describe("lintResult()", () => {
  it("of a clean file says so", () => {
    const result = lintResult(source("FROM a\n"), []);
    expect(text(result, "result.json")).toBe(`{
  "warnings": null,
  "sources": [
    {
      "filename": "Dockerfile",
      "data": "RlJPTSBhCg==",
      "language": "Dockerfile"
    }
  ]
}`);
    expect(text(result, "result.txt")).toBe("");
    expect(text(result, "result.statuscode")).toBe("0");
    expect(text(result, "version")).toBe("1.0.0");
  });

  it("shows findings with their lines", () => {
    const { file, found } = lint("FROM a as B\nRUN <x> && y\n");
    const result = lintResult(file, found);
    expect(json(result).warnings).toEqual([
      {
        ruleName: "StageNameCasing",
        description: "Stage names should be lowercase",
        url: "https://docs.docker.com/go/dockerfile/rule/stage-name-casing/",
        detail: "Stage name 'B' should be lowercase",
        location: at(1),
      },
      expect.objectContaining({ ruleName: "FromAsCasing" }),
    ]);
    expect(text(result, "result.txt")).toContain(`
WARNING: FromAsCasing - https://docs.docker.com/go/dockerfile/rule/from-as-casing/
'as' and 'FROM' keywords' casing do not match
Dockerfile:1
--------------------
   1 | >>> FROM a as B
   2 |     RUN <x> && y
   3 |     
--------------------
`);
    expect(text(result, "result.statuscode")).toBe("1");
  });

  it("sorts its text by line, and shows a rule without a page plainly", () => {
    const file = source("FROM a\nRUN b\n");
    const finding = { description: "", url: "", message: "m" };
    const result = lintResult(file, [
      { ...finding, rule: "Second", location: lineRanges(2, 2) },
      { ...finding, rule: "First", location: lineRanges(1, 1) },
    ]);
    expect(text(result, "result.txt")).toMatch(/^\nWARNING: First\nm\nDockerfile:1(.|\n)*WARNING: Second\n/);
    expect(json(result).warnings.map((warning: { ruleName: string }) => warning.ruleName)).toEqual(["Second", "First"]);
  });

  it("tells why the file cannot be built, with all places once", () => {
    const { file, found, error } = lint("FROM a\nRUN <<E\nb\nE\nXYZZY\n");
    const result = lintResult(file, found, error);
    expect(json(result).buildError).toEqual({
      message: "dockerfile parse error on line 5: unknown instruction: XYZZY",
      location: at(5),
    });
    const twice = locate(locate(new Error("m"), file, lineRanges(3, 4)), file, lineRanges(4, 4));
    expect(json(lintResult(file, [], twice)).buildError.location.ranges).toHaveLength(2);
    expect(json(lintResult(file, [], new Error("m"))).buildError).toEqual({ message: "m", location: {} });
  });

  it("shows where the file came from", () => {
    const definition = encode(pb.Definition, {
      def: [new Uint8Array([1, 2])],
      metadata: new Map([
        [
          "sha256:b",
          { caps: new Map([["source.local", true]]), description: new Map([["llb.customname", "load <it>"]]) },
        ],
        ["sha256:a", { ignoreCache: true, exportCache: { value: true } }],
      ]),
      source: { locations: new Map([["sha256:b", { locations: [] }]]) },
    });
    const result = lintResult({ ...source("FROM a\n"), definition: { definition } }, []);
    expect(json(result).sources[0].definition).toEqual({
      def: ["AQI="],
      metadata: {
        "sha256:a": { ignore_cache: true, export_cache: { Value: true } },
        "sha256:b": { description: { "llb.customname": "load <it>" }, caps: { "source.local": true } },
      },
      Source: { locations: { "sha256:b": {} } },
    });
    expect(text(result, "result.json")).toContain('"load \\u003cit\\u003e"');
    expect(text(result, "result.json").indexOf("sha256:a")).toBeLessThan(
      text(result, "result.json").indexOf("sha256:b"),
    );
  });
});

describe("targetsResult()", () => {
  const result = targetsResult(source("ARG B=a\n# build compiles\nFROM --platform=$P $B AS build\nFROM build\n"));

  it("lists stages, the last one as default", () => {
    expect(json(result).targets).toEqual([
      { name: "build", description: "compiles", base: "$B", platform: "$P", location: at(3) },
      { default: true, base: "build", location: at(4) },
    ]);
    expect(text(result, "result.txt")).toBe("TARGET    DESCRIPTION\nbuild     compiles\n(default) \n");
  });

  it("refuses what does not parse", () => {
    expect(() => targetsResult(source("FROM a b\n"))).toThrow("FROM requires either one or three arguments");
  });
});

describe("outlineResult()", () => {
  const arg = (key: string, line: number, value = "", deps: string[] = []) =>
    [
      key,
      { definition: { key, docComment: `about ${key}` }, value, deps: new Set(deps), location: lineRanges(line, line) },
    ] as const;
  const mount = (name: string, line: number, required = false) =>
    [name, { required, location: lineRanges(line, line) }] as const;
  const stage = (
    stageName: string,
    more: Partial<OutlineStage["outline"]>,
    needs: Partial<OutlineStage> = {},
  ): OutlineStage => ({
    stage: { stageName, docComment: "" },
    outline: { allArgs: new Map(), usedArgs: new Set(), secrets: new Map(), ssh: new Map(), ...more },
    base: undefined,
    uses: new Map(),
    ...needs,
  });

  it("collects what a target and its stages take, dependencies of arguments too", () => {
    const tools = stage("tools", { secrets: new Map([mount("s", 3), mount("t", 4)]) });
    const base = stage("base", {
      allArgs: new Map([arg("A", 1, "1"), arg("B", 5, "1b", ["A"]), arg("C", 6)]),
      usedArgs: new Set(["B"]),
    });
    const target = stage(
      "app",
      { secrets: new Map([mount("s", 9, true)]), ssh: new Map([mount("default", 8)]) },
      { base, uses: new Map([[tools, undefined]]) },
    );
    const outline = outlineOf(target);
    expect(outline.args.map(({ name, value }) => [name, value])).toEqual([
      ["A", "1"],
      ["B", "1b"],
    ]);
    const result = outlineResult(outline, new Uint8Array());
    expect(json(result).secrets).toEqual([
      { name: "t", location: at(4) },
      { name: "s", required: true, location: at(9) },
    ]);
    expect(text(result, "result.txt")).toBe(`TARGET: app

BUILD ARG   VALUE   DESCRIPTION
A           1       about A
B           1b      about B

SECRET   REQUIRED
t        
s        true

SSH       REQUIRED
default   

`);
  });

  it("survives a long chain of stages that all use each other", () => {
    let last = stage("s0", {});
    const all = [last];
    for (let index = 1; index < 2000; index++) {
      last = stage(`s${index}`, {}, { base: last, uses: new Map(all.slice(-20).map((used) => [used, undefined])) });
      all.push(last);
    }
    expect(outlineOf(last).args).toEqual([]);
  });
});

describe("describeResult()", () => {
  it("lists the subrequests", () => {
    const result = describeResult();
    expect(json(result).map(({ name }: { name: string }) => name)).toEqual([
      "frontend.outline",
      "frontend.targets",
      "frontend.subrequests.describe",
    ]);
    expect(text(result, "result.txt").split("\n")[0]).toBe("NAME                 VERSION DESCRIPTION");
  });
});

describe("every rule", () => {
  it("has a name and a sentence of its own", () => {
    const all = Object.values(rules);
    expect(new Set(all.map(({ name }) => name)).size).toBe(22);
    expect(new Set(all.map(({ description }) => description)).size).toBe(22);
  });
});
