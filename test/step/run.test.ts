// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables are the shell's.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundled } from "../support/bundle.ts";
import { StepLab } from "../support/step-lab.ts";

let lab: StepLab;
beforeAll(() => {
  lab = new StepLab({ "a.txt": "A", "build.sh": "echo from a file" });
  lab.commit();
});
afterAll(() => lab[Symbol.dispose]());

describe("cooper step run: order and outcome", () => {
  test("steps run in the order that waits and dependencies give, and the first failure is the exit code", async () => {
    const { code, stdout, stderr } = await lab.run(`
steps:
  - {command: "echo one", key: one}
  - wait
  - {command: "echo two; exit 7", key: two}
  - {command: "echo three", depends_on: one}
  - wait
  - {command: "echo never", label: last}
`);
    expect(code).toBe(7);
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toBe("[one] one");
    expect(lines.slice(1).sort()).toEqual(["[echo three] three", "[two] two"]);
    expect(stderr).toContain("two: failed with exit code 7");
    expect(stderr).toContain('last: not run: "wait" did not pass');
  });

  test("soft failures, allowed failures and continue_on_failure let others run", async () => {
    const { code, stdout } = await lab.run(`
- {command: "exit 3", key: soft, soft_fail: [{exit_status: 3}]}
- {command: "exit 4", key: hard}
- {command: "echo after soft", depends_on: soft}
- {command: "echo after hard", depends_on: {step: hard, allow_failure: true}}
- {wait: ~, continue_on_failure: true}
- {command: "echo always", label: l}
`);
    expect(code).toBe(4);
    expect(stdout.split("\n").sort()).toEqual([
      "",
      "[echo after hard] after hard",
      "[echo after soft] after soft",
      "[l] always",
    ]);
  });

  test("a failed job is run again as its rules say, and told how often it ran", async () => {
    const { code, stdout, stderr } = await lab.run(`
- label: flaky
  command: 'echo try $$BUILDKITE_RETRY_COUNT; [ "$$BUILDKITE_RETRY_COUNT" = 2 ] || exit 5'
  retry: {automatic: [{exit_status: 6}, {exit_status: 5, limit: 3}]}
`);
    expect(code).toBe(0);
    expect(stdout).toBe("[flaky] try 0\n[flaky] try 1\n[flaky] try 2\n");
    expect(stderr).toContain("flaky: ended with exit code 5: running it again (1 of 3)");
    expect((await lab.run("[{command: exit 5, retry: {automatic: {exit_status: 5, limit: 1}}}]")).code).toBe(5);
  });

  test("matrix, parallelism, skip, if, branches, if_changed and queue decide what runs", async () => {
    const pipeline = `
- {command: "echo {{matrix}}", label: "m", matrix: [a, b]}
- {command: "echo $$BUILDKITE_PARALLEL_JOB of $$BUILDKITE_PARALLEL_JOB_COUNT", label: p, parallelism: 2}
- {command: "echo no", label: s, skip: not now}
- {command: "echo no", label: i, if: build.branch == "other"}
- {command: "echo no", label: b, branches: "!main"}
- {command: "echo gpu", label: g, agents: {queue: gpu}}
- {group: G, steps: [{command: "echo in", label: inner}]}
`;
    const { code, stdout, stderr } = await lab.run(pipeline, ["--queue", "default"]);
    expect(code).toBe(0);
    expect(stdout.trim().split("\n").sort()).toEqual([
      "[inner] in",
      "[m (a)] a",
      "[m (b)] b",
      "[p 1/2] 0 of 2",
      "[p 2/2] 1 of 2",
    ]);
    for (const text of [
      "s: skipped: not now",
      "i: skipped: its condition does not hold",
      "b: skipped: branch",
      'g: skipped: it is for queue "gpu"',
    ]) {
      expect(stderr).toContain(text);
    }
    const dry = await lab.run(pipeline, ["--dry-run"]);
    expect(dry.stdout).toContain("  2. p: command\n     - p (1/2)\n     - p (2/2)\n");
    expect(dry.stdout).toContain("  7. G / inner: command\n");
    expect(existsSync(join(lab.root, "never"))).toBe(false);
  });

  test("a block stops what is behind it, --unblock goes on; --step runs just that step", async () => {
    const pipeline = "[{command: echo a, key: a}, {block: Deploy?}, {command: echo b, key: b}]";
    const stopped = await lab.run(pipeline);
    expect(stopped).toMatchObject({ code: 0, stdout: "[a] a\n" });
    expect(stopped.stderr).toContain("Deploy?: blocked: run again with --unblock to go on");
    expect((await lab.run(pipeline, ["--unblock"])).stdout).toBe("[a] a\n[b] b\n");
    expect((await lab.run(pipeline, ["--step", "b"])).stdout).toBe("[b] b\n");
    expect(await lab.run(pipeline, ["--step", "c"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("it has a, b"),
    });
  });

  test("fields of a block are meta-data: given, or asked for at a terminal, where somebody says whether to go on", async () => {
    const pipeline = `[{block: Deploy?, fields: [{text: Where, key: ring}]}, {label: b, command: buildkite-agent meta-data get ring}]`;
    expect((await lab.run(pipeline, ["--unblock", "--field", "ring=beta"])).stdout).toBe("[b] beta\n");
    expect((await lab.run(pipeline, ["--unblock"])).stderr).toContain(
      '"ring" has no value: give it with --field ring=VALUE',
    );
    const words = [process.execPath, bundled("cooper"), "step", "run", "pipeline.yml", "--root", lab.root];
    lab.write({ "pipeline.yml": pipeline });
    const typed = spawnSync("script", ["-qec", words.join(" "), "/dev/null"], {
      cwd: lab.project,
      input: "y\nall\n",
      encoding: "utf8",
    });
    expect(typed.stdout).toMatch(/Deploy\?[\s\S]*Go on\? \[y\/N\] [\s\S]*Where: [\s\S]*\[b\] all/);
    expect(typed.status).toBe(0);
  });

  test("concurrency groups never run more than their limit at once", async () => {
    const step = 'command: "[ ! -e busy ]; touch busy; sleep 0.2; rm busy", concurrency: 1, concurrency_group: g';
    expect((await lab.run(`[{${step}}, {${step}}, {${step}}]`, ["--parallel", "3"])).code).toBe(0);
  });

  test("--json prints the results, logs go to standard error", async () => {
    const { code, stdout, stderr } = await lab.run(
      "[{command: exit 2, key: k, soft_fail: true}, {command: echo hi, key: l}]",
      ["--json"],
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      exitCode: 0,
      steps: [
        { key: "k", state: "soft_failed", jobs: [{ exitCode: 2, attempts: 1, state: "soft_failed" }] },
        { key: "l", state: "passed" },
      ],
    });
    expect(stderr).toContain("[l] hi");
  });

  test("an invalid pipeline runs nothing, and says place and fix", async () => {
    const { code, stdout, stderr } = await lab.run("steps:\n  - command: echo a\n    parallelism: lots\n");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain('pipeline.yml:3:18: "parallelism" is "lots", wanted a whole number');
    expect(stderr).toContain("hint: write a whole number");
  });
});

describe("cooper step run: what a step sees", () => {
  test("Buildkite's variables, the pipeline's, the step's, and those of --env, which win", async () => {
    const { stdout } = await lab.run(
      `
env: {A: pipeline, B: pipeline, C: pipeline}
steps:
  - label: v
    env: {B: step, C: step}
    command: |
      echo $$A $$B $$C
      echo $$BUILDKITE $$BUILDKITE_SOURCE $$BUILDKITE_BRANCH $$BUILDKITE_BUILD_NUMBER $$BUILDKITE_LABEL $$CALLER
      echo \${BUILDKITE_COMMIT:0:7} \${NO:-none} $BUILDKITE_PIPELINE_SLUG
      git rev-parse --short=7 $$BUILDKITE_COMMIT; cat a.txt
`,
      ["--env", "C=given"],
      { CALLER: "mine" },
    );
    const commit = stdout.split("\n")[2]?.split(" ")[1];
    expect(stdout.replaceAll(commit ?? "?", "COMMIT")).toBe(
      "[v] pipeline step given\n[v] true local main 1 v mine\n[v] COMMIT none project\n[v] COMMIT\n[v] A\n",
    );
  });

  test("secrets come from a file and are blanked in logs, as are variables that are named like secrets", async () => {
    lab.write({ "../secrets": "API=hush-hush-123\n" });
    const { stdout } = await lab.run(
      `
- label: s
  secrets: {KEY: API}
  env: {MY_TOKEN: another-secret}
  command: 'echo $$KEY $$MY_TOKEN; echo added-later | buildkite-agent redactor add; echo added-later; buildkite-agent secret get API | wc -c'
`,
      ["--secrets", "../secrets"],
    );
    expect(stdout).toBe("[s] [REDACTED] [REDACTED]\n[s] [REDACTED]\n[s] 13\n");
  });

  test("--clean gives a clone of HEAD, without what is not committed", async () => {
    lab.write({ "dirty.txt": "x" });
    const pipeline = "[{label: t, command: 'ls; touch made-by-step'}]";
    expect((await lab.run(pipeline)).stdout).toContain("[t] dirty.txt");
    const clean = await lab.run(pipeline, ["--clean"]);
    expect(clean.stdout).toContain("[t] a.txt");
    expect(clean.stdout).not.toContain("dirty.txt");
  });

  test("artifacts are collected in a folder and travel between steps", async () => {
    const { code, stdout } = await lab.run(
      `
- label: make
  command: "mkdir -p out/deep; echo one > out/1.txt; echo two > out/deep/2.txt; echo three > 3.log; buildkite-agent artifact upload 3.log"
  artifact_paths: "out/**/*.txt"
- wait
- label: use
  command: |
    rm -rf out 3.log got
    buildkite-agent artifact download 'out/**/*' got/
    cat got/out/1.txt got/out/deep/2.txt
    buildkite-agent artifact search '*.log' --format '%p %s\\n'
    buildkite-agent artifact shasum 3.log
    buildkite-agent artifact download none.txt . || echo refused
`,
      ["--artifacts", "../kept"],
    );
    expect(code).toBe(0);
    expect(stdout).toContain("[use] one\n[use] two\n[use] 3.log 6\n[use] ");
    expect(stdout).toContain("[use] refused");
    expect(readFileSync(join(lab.folder, "kept/out/deep/2.txt"), "utf8")).toBe("two\n");
  });

  test("the stand-in of the agent: meta-data, env, locks, steps, annotations, and what it refuses", async () => {
    const { code, stdout, stderr } = await lab.run(`
- label: one
  key: one
  command: |
    buildkite-agent meta-data set colour red
    printf 'two\\nlines' | buildkite-agent meta-data set text
    buildkite-agent annotate "all is well" --style success --context c
    buildkite-agent env set FOO=bar; buildkite-agent env get FOO
    [ "$$(buildkite-agent lock do setup)" = do ] && buildkite-agent lock done setup
    t=$$(buildkite-agent lock acquire l); buildkite-agent lock release l "$$t" && echo released
    buildkite-agent step get label
    buildkite-agent oidc request-token 2>&1 || echo no token
    for word in a b; do echo $$word; done | while read -r word; do buildkite-agent meta-data set "k-$$word" "$$word"; done
- wait
- label: two
  command: |
    buildkite-agent meta-data get colour; echo
    buildkite-agent meta-data get text; echo
    buildkite-agent meta-data get none --default d; echo
    buildkite-agent meta-data exists none || echo "exists: $$?"
    buildkite-agent meta-data keys | tr '\\n' ' '; echo
    [ "$$(buildkite-agent lock do setup)" = done ] && echo was done
    buildkite-agent step get outcome --step one
    buildkite-agent no-such-thing || echo refused
`);
    expect({ code, log: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, log: "" });
    expect(stdout).toContain(
      "[one] bar\n[one] released\n[one] one\n[one] buildkite-agent: a token can only be signed by Buildkite",
    );
    expect(stdout).toContain(
      "[two] red\n[two] two\n[two] lines\n[two] d\n[two] exists: 100\n[two] colour k-a k-b text \n[two] was done\n[two] passed\n",
    );
    expect(stdout).toContain("[two] refused");
    expect(stderr).toContain("annotation (c): all is well");
  });

  test("pipeline upload adds steps to the running build, before the wait", async () => {
    const { code, stdout } = await lab.run(`
- label: generate
  command: |
    cat <<'EOF' | buildkite-agent pipeline upload
    steps:
      - {command: "sleep 0.3; echo generated $BUILDKITE_BUILD_NUMBER", label: new}
    EOF
    buildkite-agent pipeline upload /nowhere || echo refused
- wait
- {command: echo last, label: last}
`);
    expect(code).toBe(0);
    // The new step runs beside the one that added it.
    expect(stdout.split("\n").slice(-4).sort()).toEqual(["", "[generate] refused", "[last] last", "[new] generated 1"]);
    expect(stdout).toMatch(/\n\[last\] last\n$/);
  });
});
