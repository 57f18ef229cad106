// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expansions are what is tested.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadPipeline } from "../load.ts";
import { Problems } from "../problems.ts";
import type { BuildContext } from "./contract.ts";
import { planPipeline } from "./plan.ts";

const build: BuildContext = {
  id: "b",
  number: 7,
  branch: "feature/x",
  commit: "c0ffee",
  tag: "",
  message: "m",
  author: { name: "A", email: "a@b" },
  repository: "",
  source: "local",
  pipelineSlug: "p",
  organizationSlug: "local",
  defaultBranch: "main",
  changedFiles: ["src/a.ts", "docs/x/y.md"],
};

function plan(text: string, more: Partial<BuildContext> = {}) {
  const { documents, problems: read } = loadPipeline(text, "p.yml");
  const problems = new Problems("p.yml");
  const pipeline = documents[0]?.pipeline;
  if (pipeline === undefined) throw new Error("no pipeline");
  const { nodes } = planPipeline(pipeline, { build: { ...build, ...more }, env: new Map([["CI", "true"]]) }, problems);
  return { nodes, problems: [...read, ...problems.all].map(({ message }) => message) };
}
const needs = (text: string) =>
  plan(text).nodes.map((node) => node.needs.map((need) => `${need.node}${need.allowFailure ? "?" : ""}`).join(" "));

describe("planPipeline()", () => {
  test("steps between waits run at once, and a wait needs all above it", () => {
    expect(needs("[{command: a}, {command: b}, wait, {command: c}, {command: d}, wait, {command: e}]")).toEqual([
      "",
      "",
      "0 1",
      "2",
      "2",
      "2 3 4",
      "5",
    ]);
  });

  test("depends_on makes a step ignore the wait above; empty, it depends on nothing", () => {
    expect(
      needs("[{command: a, key: a}, wait, {command: b, depends_on: a}, {command: c, depends_on: []}, {command: d}]"),
    ).toEqual(["", "0", "0", "", "1"]);
  });

  test("failures are allowed by the wait, by the step and by the dependency", () => {
    expect(
      needs(
        "[{command: a, key: a}, {wait: ~, continue_on_failure: true}, {command: b}, {command: c, depends_on: {step: a, allow_failure: true}}, {command: d, depends_on: a, allow_dependency_failure: true}]",
      ),
    ).toEqual(["", "0?", "1", "0?", "0?"]);
  });

  test("a group's key means all its steps, and its dependencies are theirs", () => {
    expect(
      needs(
        "[{command: a, key: a}, {group: G, key: g, depends_on: a, steps: [{command: b}, {command: c, key: c}]}, {command: d, depends_on: g}]",
      ),
    ).toEqual(["", "0", "0", "1 2"]);
  });

  test("a block holds up what follows, an input does not", () => {
    expect(needs("[{command: a}, block, {command: b}, input, {command: c}, wait]")).toEqual([
      "",
      "0",
      "1",
      "",
      "1",
      "1 2 4",
    ]);
  });

  test("a matrix makes a job for each combination, changed by adjustments", () => {
    const { nodes, problems } = plan(`
- command: "build {{matrix.os}} {{ matrix.arch }}"
  label: "L {{matrix.os}}"
  key: "k"
  env: {OS: "{{matrix.os}}"}
  plugins: [{kubernetes: {podSpec: {nodeSelector: {arch: "{{matrix.arch}}"}}}}]
  matrix:
    setup: {os: [linux, bsd], arch: [a, b]}
    adjustments:
    - {with: {os: bsd, arch: b}, skip: true}
    - {with: {os: mac, arch: m}, soft_fail: true}
`);
    expect(problems).toEqual([]);
    expect(nodes[0]?.jobs.map(({ command, label, skip, softFail }) => ({ command, label, skip, softFail }))).toEqual([
      { command: "build linux a", label: "L linux", skip: undefined, softFail: false },
      { command: "build linux b", label: "L linux", skip: undefined, softFail: false },
      { command: "build bsd a", label: "L bsd", skip: undefined, softFail: false },
      { command: "build bsd b", label: "L bsd", skip: "", softFail: false },
      { command: "build mac m", label: "L mac", skip: undefined, softFail: true },
    ]);
    expect(JSON.stringify(nodes[0]?.jobs[4]?.plugins)).toContain('"value":"m"');
  });

  test("a matrix with too many jobs, and a token that it has not, are errors", () => {
    const values = JSON.stringify(Array.from({ length: 25 }, (_, index) => `v${index}`));
    expect(plan(`[{command: x, matrix: {setup: {a: ${values}, b: [1, 2, 3]}}}]`).problems).toContain(
      "the matrix makes 75 jobs",
    );
    expect(
      plan(`[{command: x, matrix: {setup: {a: ${values}, b: ${values}, c: ${values}, d: ${values}}}}]`).problems,
    ).toContain("the matrix makes 390625 jobs");
    expect(plan('[{command: "{{matrix.no}}", matrix: [a]}]').problems).toContain(
      "{{matrix.no}} is none of the step's matrix",
    );
  });

  test("parallelism makes numbered jobs, none for 0", () => {
    expect(plan("[{command: x, parallelism: 3}]").nodes[0]?.jobs.map(({ parallel }) => parallel)).toEqual(
      [0, 1, 2].map((index) => ({ index, count: 3 })),
    );
    expect(plan("[{command: x, parallelism: 0}]").nodes[0]?.skipped?.by).toBe("parallelism");
  });

  test.each([
    ["{command: x, skip: true}", "skip"],
    ["{command: x, if: 'build.branch == \"main\"'}", "if"],
    ['{command: x, if: \'build.env("CI") == "true"\'}', undefined],
    ["{command: x, branches: 'main release/*'}", "branches"],
    ["{command: x, branches: 'feature/*'}", undefined],
    ["{command: x, branches: '!feature/*'}", "branches"],
    ["{command: x, branches: '!main'}", undefined],
    ["{command: x, if_changed: 'src/**'}", undefined],
    ["{command: x, if_changed: '**/*.{md,txt}'}", undefined],
    ["{command: x, if_changed: 'test/**'}", "if_changed"],
    ["{command: x, if_changed: {include: ['**'], exclude: ['src/**', 'docs/**']}}", "if_changed"],
  ])("%s is skipped by %s", (step, by) => {
    expect(plan(`[${step}]`).nodes[0]?.skipped?.by).toBe(by);
  });

  test("a group that is skipped takes its steps with it", () => {
    expect(
      plan("[{group: g, if: 'false', steps: [{command: a}, {command: b}]}]").nodes.map(({ skipped }) => skipped?.by),
    ).toEqual(["if", "if"]);
  });

  test("keys that are taken or missing, and circles, are errors", () => {
    expect(plan("[{command: a, key: k}, {command: b, key: k}]").problems).toEqual([
      'there is another step with key "k"',
    ]);
    expect(plan("[{command: a, key: build}, {command: b, depends_on: biuld}]").problems).toEqual([
      'no step has the key "biuld"',
    ]);
    expect(plan("[{command: a, key: a, depends_on: b}, {command: b, key: b, depends_on: a}]").problems).toEqual([
      'step "a" depends on itself, through others',
    ]);
  });

  test("ids stay the same from run to run, and differ between jobs", () => {
    const ids = () =>
      plan("[{command: a}, {command: b, parallelism: 2}]").nodes.flatMap(({ jobs }) => jobs.map(({ id }) => id));
    expect(ids()).toEqual(ids());
    expect(new Set(ids()).size).toBe(3);
    expect(ids()[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("no pipeline makes it throw", () => {
    const key = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.constantFrom("wait", "block", "input"),
      fc.record(
        {
          command: fc.constantFrom("x", "{{matrix}}", "{{matrix.a}}"),
          key,
          depends_on: fc.oneof(key, fc.array(key), fc.constant(null)),
          matrix: fc.oneof(fc.array(key), fc.record({ setup: fc.dictionary(key, fc.array(key)) })),
          parallelism: fc.integer({ min: -1, max: 3 }),
          if: fc.constantFrom("true", "build.x", "(", "build.branch =~ /(/"),
          if_changed: fc.constantFrom("[", "**", "{a,{b,c}}", "!"),
          branches: fc.constantFrom("*", "!*", "a* b"),
        },
        { requiredKeys: ["command"] },
      ),
    );
    const group = fc.record({ group: key, key, steps: fc.array(step, { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(fc.oneof(step, group), { maxLength: 6 }), (steps) => {
        const { nodes } = plan(JSON.stringify({ steps }));
        for (const { needs } of nodes) expect(needs.every((need) => nodes[need.node] !== undefined)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
