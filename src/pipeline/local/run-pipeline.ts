import { join } from "node:path";
import { CooperError, type Scope } from "../../kit/index.ts";
import { buildEnvironment } from "../build/job-environment.ts";
import type { BlockStep } from "../contract.ts";
import type { PlanNode } from "../expand/contract.ts";
import { planPipeline } from "../expand/plan.ts";
import { loadPipeline } from "../load.ts";
import { type Problem, Problems, problemText, throwIfInvalid } from "../problems.ts";
import { Artifacts } from "./agent/artifacts.ts";
import { BuildState } from "./agent/build-state.ts";
import type { UploadOptions } from "./agent/commands.ts";
import { checkPods } from "./check-pods.ts";
import { cloneTree } from "./clean-tree.ts";
import type { RunOptions, RunResult, StepResult } from "./contract.ts";
import { type JobHome, runJob } from "./run-job.ts";
import { Schedule } from "./schedule.ts";
import { Gatekeeper } from "./unblock.ts";

/**
 * The steps that a run of the pipeline would have, in the order of the file. Problems that are no errors are in `problems`. Throws
 * `pipeline/invalid`, `pipeline/no-such-step`.
 */
export function planRun(options: RunOptions): {
  readonly nodes: readonly PlanNode[];
  readonly problems: readonly Problem[];
} {
  const variables = variablesAtUpload(options);
  const planned = planText(options.text, options.file, options, variables, []);
  throwIfInvalid(planned.problems);
  checkOnly(options, planned.nodes);
  return planned;
}

/** Runs a pipeline on this machine. Jobs that fail are in the result. Throws as `planRun`. */
export async function runPipeline(options: RunOptions, scope: Scope): Promise<RunResult> {
  const { nodes, problems } = planRun(options);
  for (const problem of problems) options.log({ kind: "warning", text: warningText(problem) });
  tellNotDone(nodes, options);
  const { storage } = await options.tools();
  // Swept by the next run when this one is killed.
  await using scratch = await storage.temporaryFolder("step");
  const folder = options.clean ? join(scratch.path, "tree") : options.folder;
  if (options.clean) await cloneTree(options.folder, folder, scope.signal);
  return await new PipelineRun({ ...options, folder }, scratch.path).run(nodes, scope);
}

/** Where a line says that it is a warning already. */
function warningText(problem: Problem): string {
  return problemText(problem).trimEnd().replace(": warning: ", ": ");
}

/** Keys that only mean something to Buildkite: a note of each, with the steps that have it. */
function tellNotDone(nodes: readonly PlanNode[], { log }: RunOptions): void {
  for (const name of ["notify", "cache", "signature", "checkout"]) {
    const having = nodes.filter(
      ({ step: { raw } }) => raw.kind === "map" && raw.entries.some(({ key }) => key === name),
    );
    if (having.length > 0)
      log({ kind: "note", text: `${name}: is not done here (${having.map(({ label }) => label).join(", ")})` });
  }
}

/** What `buildkite-agent pipeline upload` sees in a job: the caller's variables, Buildkite's, and those that were given. */
function variablesAtUpload({ build, env, callerEnv }: RunOptions): Map<string, string> {
  return new Map([...Object.entries(callerEnv), ...Object.entries(buildEnvironment(build)), ...env]);
}

function planText(
  text: string,
  file: string,
  options: RunOptions,
  variables: Map<string, string>,
  before: readonly PlanNode[],
  upload = "",
): { readonly nodes: readonly PlanNode[]; readonly problems: readonly Problem[] } {
  const { documents, problems } = loadPipeline(text, file, options.interpolate ? { variables } : {});
  const found = new Problems(file);
  let nodes = [...before];
  for (const { pipeline } of documents) {
    const { build } = options;
    nodes = [...nodes, ...planPipeline(pipeline, { build, env: variables, before: nodes, upload }, found).nodes];
  }
  const added = nodes.slice(before.length);
  checkPods(
    added.filter((node) => whyLeftOut(node, options) === undefined),
    options.build,
    found,
  );
  return { nodes: added, problems: [...problems, ...found.all] };
}

function checkOnly({ only }: RunOptions, nodes: readonly PlanNode[]): void {
  const missing = only.find((name) => !nodes.some((node) => isNamed(node, name)));
  if (missing === undefined) return;
  const known = nodes.filter(({ kind }) => kind === "command").map((node) => node.key ?? node.label);
  throw new CooperError("pipeline/no-such-step", `the pipeline has no step ${JSON.stringify(missing)}`, {
    hint: `it has ${known.join(", ") || "none"}`,
  });
}

function isNamed({ key, label, group }: PlanNode, name: string): boolean {
  return key === name || label === name || group?.key === name || group?.label === name;
}

class PipelineRun {
  readonly #options: RunOptions;
  readonly #home: JobHome;
  readonly #schedule: Schedule;
  readonly #gatekeeper: Gatekeeper;
  #uploads = 0;

  constructor(options: RunOptions, scratch: string) {
    this.#options = options;
    const state = new BuildState(new Artifacts(join(scratch, "artifacts"), options.artifactsFolder));
    this.#home = {
      options,
      folder: options.folder,
      scratch,
      state,
      upload: () => 0,
      outcome: (step) => this.#outcome(step),
    };
    this.#gatekeeper = new Gatekeeper(options);
    this.#schedule = new Schedule({
      parallel: options.parallel,
      decide: (node, scope) => this.#decide(node, scope),
      ignoreNeeds: options.only.length > 0,
      leaveOut: (node) => whyLeftOut(node, options),
      runJob: (job, node, label, scope) => {
        options.log({ kind: "note", job: label, text: "started" });
        const upload = (text: string, file: string, how: UploadOptions) => this.#upload(text, file, how, node.number);
        return runJob(job, node, label, { ...this.#home, upload }, scope);
      },
      onSettled: (result) => this.#told(result),
    });
  }

  async run(nodes: readonly PlanNode[], scope: Scope): Promise<RunResult> {
    this.#schedule.add(nodes);
    const steps = await this.#schedule.run(scope);
    const failed = this.#schedule.firstFailure;
    const { artifacts, annotations } = this.#home.state;
    return {
      exitCode: failed === undefined ? (scope.signal.aborted ? 130 : 0) : failed & 255 || 1,
      steps,
      artifacts: artifacts.all.map(({ path, job, size, sha256 }) => ({ path, job, size, sha256 })),
      annotations: [...annotations.values()],
    };
  }

  /** Values of a step's fields are the build's meta-data. */
  async #decide({ step, label }: PlanNode, { signal }: Scope) {
    const decision = await this.#gatekeeper.decide(step as BlockStep, label, signal);
    if (decision.kind === "stay") return { state: "blocked" as const, reason: decision.reason };
    for (const [key, value] of decision.values) this.#home.state.metaData.set(key, value);
    return { state: "passed" as const, reason: "unblocked" };
  }

  /** Adds the steps of an upload behind the node that made it. Throws `pipeline/invalid`. */
  #upload(text: string, file: string, how: UploadOptions, after: number): number {
    const before = this.#schedule.nodes;
    const options = { ...this.#options, interpolate: how.interpolate };
    const planned = planText(text, file, options, new Map(how.env), before, `upload ${++this.#uploads}`);
    for (const problem of planned.problems) {
      if (problem.severity === "warning") this.#options.log({ kind: "warning", text: warningText(problem) });
    }
    throwIfInvalid(planned.problems);
    this.#schedule.add(planned.nodes, after);
    return planned.nodes.length;
  }

  #outcome(step: string): string {
    const node = this.#schedule.nodes.find((one) => one.key === step || one.jobs.some(({ stepId }) => stepId === step));
    const state = node === undefined ? undefined : this.#schedule.stateOf(node.number);
    switch (state) {
      case "failed":
        return "hard_failed";
      case "passed":
      case "soft_failed":
        return state;
      case undefined:
      case "waiting":
      case "running":
        return "neutral";
      default:
        return "errored";
    }
  }

  #told({ label, kind, state, reason, jobs }: StepResult): void {
    // A wait that is passed is nobody's news, nor what nobody asked for.
    if ((kind === "wait" && state === "passed") || reason === notAskedFor) return;
    const [job] = jobs;
    const code = jobs.length === 1 && job !== undefined && job.exitCode !== 0 ? ` with exit code ${job.exitCode}` : "";
    const why = reason === undefined ? "" : `: ${reason}`;
    const warns = state === "failed" || state === "broken" || state === "canceled";
    this.#options.log({ kind: warns ? "warning" : "note", job: label, text: `${wordsOf[state]}${code}${why}` });
  }
}

const wordsOf: Readonly<Record<StepResult["state"], string>> = {
  passed: "passed",
  failed: "failed",
  soft_failed: "failed softly",
  skipped: "skipped",
  broken: "not run",
  blocked: "blocked",
  canceled: "canceled",
};

const notAskedFor = "it is not asked for";

function whyLeftOut(node: PlanNode, { only, queue }: RunOptions): string | undefined {
  if (only.length > 0 && !only.some((name) => isNamed(node, name))) return notAskedFor;
  if (queue === undefined) return undefined;
  const own = node.jobs[0]?.agents.get("queue") ?? "default";
  return node.jobs.length > 0 && own !== queue ? `it is for queue ${JSON.stringify(own)}` : undefined;
}
