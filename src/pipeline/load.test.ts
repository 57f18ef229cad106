// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expansions are what is tested.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CommandStep, PipelineStep } from "./contract.ts";
import { loadPipeline } from "./load.ts";

function load(text: string, variables: Record<string, string> = {}) {
  const { documents, problems } = loadPipeline(text, "p.yml", { variables: new Map(Object.entries(variables)) });
  const pipeline = documents[0]?.pipeline;
  const steps: readonly PipelineStep[] = pipeline?.steps ?? [];
  return { pipeline, steps, first: steps[0] as CommandStep, problems };
}
/** Problems as `severity line:column message`. */
const told = (text: string) =>
  load(text).problems.map(({ severity, place, message }) => `${severity} ${place.line}:${place.column} ${message}`);

describe("loadPipeline()", () => {
  test("every kind of step, by its key, by its type and as one word", () => {
    const { steps, problems } = load(
      "- command: a\n- commands: [a, b]\n- plugins: [x]\n- wait\n- waiter: ~\n- block: Go?\n- input: Name\n- manual\n- trigger: other\n- group: G\n  steps: [{command: c}]\n- {type: script, script: s}\n- {type: wait}\n",
    );
    expect(steps.map(({ kind }) => kind)).toEqual([
      "command",
      "command",
      "command",
      "wait",
      "wait",
      "block",
      "input",
      "block",
      "trigger",
      "group",
      "command",
      "wait",
    ]);
    expect(problems).toEqual([]);
    expect(
      steps.map((step) => ("command" in step ? step.command : undefined)).filter((one) => one !== undefined),
    ).toEqual(["a", "a\nb", "", "s"]);
  });

  test("aliases of keys mean the same", () => {
    const { first } = load("- {commands: a, name: L, identifier: k, agents: [queue=q, x=y=z, os]}");
    expect(first).toMatchObject({ label: { value: "L" }, key: { value: "k" } });
    expect([...(first.agents ?? [])]).toEqual([
      ["queue", "q"],
      ["x", "y=z"],
      ["os", "true"],
    ]);
    expect(load("- {command: {command: nested}}").first.command).toBe("nested");
  });

  test("top-level env is interpolated first, in order, and wins over what was set before", () => {
    const { pipeline, first } = load(
      "env: {A: one, B: $A-two, C: $$A}\nsteps:\n- {command: '$A $B $C ${X:-none}', env: {$A: $B}, if: 'build.branch == \"$X\"'}\n",
      { A: "runtime", X: "main" },
    );
    expect(pipeline?.env.map(({ name, value }) => `${name}=${value}`)).toEqual(["A=one", "B=one-two", "C=$A"]);
    expect(first.command).toBe("one one-two $A main");
    expect(first.env).toMatchObject([{ name: "one", value: "one-two" }]);
    expect(first.if?.value).toBe('build.branch == "main"');
  });

  test("a signature is not interpolated", () => {
    const { first } = load("- {command: x, signature: {value: $A}}", { A: "b" });
    expect(first.signature).toMatchObject({ entries: [{ value: { value: "$A" } }] });
  });

  test("env values are text: numbers and booleans as they are read, nothing as nothing", () => {
    expect(
      load("- {command: x, env: {A: 1, B: 1.10, C: true, D: ~, E: '1.10'}}").first.env.map(({ value }) => value),
    ).toEqual(["1", "1.1", "true", "", "1.10"]);
  });

  test("retry, soft_fail, skip, secrets, concurrency and artifacts in all their shapes", () => {
    const { first } = load(
      `- command: x
  retry: {automatic: [{exit_status: [1, 2], limit: 3}, {exit_status: "*", signal: SIGTERM, signal_reason: none}], manual: {permit_on_passed: true}}
  soft_fail: [{exit_status: 3}, {exit_status: "*"}]
  skip: because
  secrets: {TOKEN: api-token}
  concurrency: 2
  concurrency_group: g
  artifact_paths: "a/*; b"
  timeout_in_minutes: "5"
  depends_on: [a, {step: b, allow_failure: true}]
`,
    );
    expect(first).toMatchObject({
      retry: {
        automatic: [
          { exitStatus: [1, 2], limit: 3 },
          { exitStatus: ["*"], signal: "term", signalReason: "none", limit: 2 },
        ],
        manual: { allowed: true, permitOnPassed: true },
      },
      softFail: [3, "*"],
      skip: "because",
      secrets: [{ name: "TOKEN", secret: "api-token" }],
      concurrency: { limit: 2, group: "g", method: "ordered" },
      artifactPaths: [{ value: "a/*" }, { value: "b" }],
      timeoutInMinutes: 5,
      dependsOn: [
        { step: "a", allowFailure: false },
        { step: "b", allowFailure: true },
      ],
    });
    expect(load("- {command: x, retry: {automatic: true}, skip: false, depends_on: ~}").first).toMatchObject({
      retry: { automatic: [{ limit: 2 }] },
      dependsOn: [],
    });
    expect(load("- {command: x}").first.dependsOn).toBeUndefined();
  });

  test("plugins: names, maps and the old map, with their full names", () => {
    const names = (text: string) => load(text).first.plugins.map(({ source }) => source);
    expect(names("- plugins: [kubernetes: {}, docker#v1, org/name#v2, ./here, 'https://x/y.git']")).toEqual([
      "github.com/buildkite-plugins/kubernetes-buildkite-plugin",
      "github.com/buildkite-plugins/docker-buildkite-plugin#v1",
      "github.com/org/name-buildkite-plugin#v2",
      "./here",
      "https://x/y.git",
    ]);
    expect(names("- plugins: {kubernetes: {a: 1}}")).toHaveLength(1);
  });

  test("a key that nobody knows is ignored with a warning that says what was meant", () => {
    const { problems } = load("- {comand: x, command: y, artefact_paths: z}");
    expect(problems).toMatchObject([
      { severity: "warning", rule: "unknown-key", place: { line: 1, column: 4 }, fix: 'did you mean "command"?' },
      { severity: "warning", rule: "unknown-key", fix: 'did you mean "artifact_paths"?' },
    ]);
  });

  test.each([
    ["steps: {}", 'error 1:8 "steps" is a map, wanted a list'],
    ["env: {}", "error 1:1 the pipeline has no steps"],
    ["just text", 'error 1:1 the pipeline is "just text", wanted steps'],
    ["", "error 1:1 the file is empty"],
    ["- what", 'error 1:3 a step is "what", wanted a map or one of wait, block, input'],
    ["- {label: x}", "warning 1:3 cannot tell what kind of step this is: it is not run"],
    ["- {command: [{a: b}]}", "error 1:14 a command is a map, wanted text"],
    ["- {command: x, parallelism: many}", 'error 1:29 "parallelism" is "many", wanted a whole number of at least 0'],
    ["- {command: x, key: 'a b'}", 'error 1:21 "a b" is no key'],
    ["- {command: x, parallelism: 2, matrix: [a]}", 'error 1:29 a step cannot have both "matrix" and "parallelism"'],
    ["- {command: x, if: 'true', branches: main}", 'error 1:38 a step cannot have both "if" and "branches"'],
    ["- {command: x, concurrency: 1}", 'error 1:29 "concurrency" without "concurrency_group"'],
    ["- {command: x, retry: {automatic: {limit: 11}}}", 'error 1:43 "limit" is 11, the largest is 10'],
    ["- {command: x, retry: {automatic: {signal_reason: oops}}}", 'error 1:51 there is no signal_reason "oops"'],
    ["- {command: '${1}'}", "error 1:13 cannot interpolate: Expected identifier to start with a letter, got 1"],
    ["- group: a\n  steps: [{group: b, steps: []}]", "error 2:11 a group stands inside a group"],
    [
      "- {command: x, matrix: {setup: {a: [1]}, adjustments: [{with: {b: 1}}]}}",
      'error 1:56 an adjustment names dimension "b", which "setup" has not',
    ],
  ])("%j is told: %s", (text, problem) => {
    expect(told(text)).toContain(problem);
    expect(load(text).problems.every(({ fix }) => fix !== "")).toBe(true);
  });

  test("no document makes it throw", () => {
    const key = fc.constantFrom(
      "steps",
      "command",
      "env",
      "matrix",
      "setup",
      "adjustments",
      "with",
      "retry",
      "automatic",
      "plugins",
      "group",
      "depends_on",
      "soft_fail",
      "agents",
      "skip",
      "if",
      "secrets",
      "wait",
      "type",
      "__proto__",
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(null, 0, true, "x", "$A", "${", "*"),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(key, tie("tree"), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        load(JSON.stringify(value));
        load(JSON.stringify({ steps: [value] }));
      }),
      { numRuns: 300 },
    );
  });
});
