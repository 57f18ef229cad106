import { suggest } from "../../kit/index.ts";
import type { Dependency, GroupStep, Pipeline, PipelineStep } from "../contract.ts";
import type { Problems } from "../problems.ts";
import type { BuildContext, Need, Plan, PlanGroup, PlanNode } from "./contract.ts";
import { jobsOf } from "./jobs.ts";
import { whySkipped } from "./skipped.ts";

export interface PlanOptions {
  readonly build: BuildContext;
  /** Variables for `build.env("…")`. */
  readonly env: ReadonlyMap<string, string>;
  /** Nodes of a plan that this one is added to (`pipeline upload`); their keys can be depended on. */
  readonly before?: readonly PlanNode[];
  /** Sets this pipeline's ids apart from those of other uploads to the same build. */
  readonly upload?: string;
}

/**
 * The pipeline as steps that wait for each other. A step with `depends_on` waits for those only; others for the `wait` or
 * `block` above them, and those for everything above. Keys that are taken or missing, and circles, are told to `problems`.
 */
export function planPipeline(pipeline: Pipeline, options: PlanOptions, problems: Problems): Plan {
  const planner = new Planner(pipeline, options, problems);
  for (const step of pipeline.steps) planner.add(step, undefined);
  return planner.finish();
}

interface Draft {
  readonly node: Omit<PlanNode, "needs">;
  /** Everything that it must wait for, whoever said so. */
  readonly stated: readonly Dependency[] | undefined;
  readonly allowFailure: boolean;
  /** Nodes that it waits for by where it stands. */
  readonly implied: readonly number[];
}

class Planner {
  readonly #pipeline: Pipeline;
  readonly #options: PlanOptions;
  readonly #problems: Problems;
  readonly #drafts: Draft[] = [];
  readonly #keys = new Map<string, number[]>();
  readonly #first: number;
  #barrier: number | undefined;
  #groups = 0;

  constructor(pipeline: Pipeline, options: PlanOptions, problems: Problems) {
    this.#pipeline = pipeline;
    this.#options = options;
    this.#problems = problems;
    const before = options.before ?? [];
    this.#first = before.length;
    for (const { key, number, group } of before) {
      if (key !== undefined) this.#keys.set(key, [number]);
      if (group?.key !== undefined) this.#keys.set(group.key, [...(this.#keys.get(group.key) ?? []), number]);
    }
  }

  add(step: PipelineStep, group: { readonly step: GroupStep; readonly plan: PlanGroup } | undefined): void {
    if (step.kind === "group") {
      this.#addGroup(step);
      return;
    }
    const number = this.#first + this.#drafts.length;
    this.#takeKey(step, number);
    const { build, env } = this.#options;
    const skipped =
      (group === undefined ? undefined : whySkipped(group.step, build, env, this.#problems)) ??
      whySkipped(step, build, env, this.#problems);
    const identity = `${this.#options.upload ?? ""} ${step.key?.value ?? `#${number}`}`;
    const jobs = step.kind === "command" ? jobsOf(step, this.#pipeline, identity, build, this.#problems) : [];
    this.#drafts.push({
      node: {
        number,
        kind: step.kind,
        step,
        label: labelOf(step, number),
        jobs: skipped === undefined ? jobs : [],
        continueOnFailure: step.kind === "wait" && step.continueOnFailure,
        ...(step.key !== undefined && { key: step.key.value }),
        ...(group !== undefined && { group: group.plan }),
        ...(skipped !== undefined && { skipped }),
      },
      stated: joined(group?.step.dependsOn, step.dependsOn),
      allowFailure: step.allowDependencyFailure || group?.step.allowDependencyFailure === true,
      implied: this.#implied(step, number),
    });
    if (step.kind === "wait" || step.kind === "block") this.#barrier = number;
  }

  #addGroup(group: GroupStep): void {
    const plan = {
      number: this.#groups++,
      label: group.label?.value ?? group.key?.value ?? "group",
      ...(group.key !== undefined && { key: group.key.value }),
    };
    const from = this.#first + this.#drafts.length;
    for (const step of group.steps) this.add(step, { step: group, plan });
    const to = this.#first + this.#drafts.length;
    if (group.key !== undefined) this.#takeKey(group, ...Array.from({ length: to - from }, (_, index) => from + index));
  }

  #implied(step: PipelineStep, number: number): readonly number[] {
    if (step.kind === "input") return [];
    const before = this.#barrier === undefined ? [] : [this.#barrier];
    if (step.kind !== "wait" && step.kind !== "block") return before;
    const from = this.#barrier === undefined ? this.#first : this.#barrier + 1;
    return [...before, ...Array.from({ length: number - from }, (_, index) => from + index)];
  }

  #takeKey(step: Pick<PipelineStep, "key">, ...numbers: readonly number[]): void {
    if (step.key === undefined) return;
    const { value, place } = step.key;
    if (this.#keys.has(value)) {
      this.#problems.error(
        place,
        "duplicate-key",
        `there is another step with key ${JSON.stringify(value)}`,
        "give each step its own key",
      );
    } else this.#keys.set(value, [...numbers]);
  }

  finish(): Plan {
    const nodes = this.#drafts.map((draft): PlanNode => ({ ...draft.node, needs: this.#needs(draft) }));
    this.#checkCircles(nodes);
    return { nodes };
  }

  #needs({ node, stated, allowFailure, implied }: Draft): readonly Need[] {
    const tolerant = allowFailure || node.continueOnFailure;
    const isInput = (number: number) => this.#drafts[number - this.#first]?.node.kind === "input";
    if (stated === undefined) {
      return implied.filter((number) => !isInput(number)).map((number) => ({ node: number, allowFailure: tolerant }));
    }
    return stated.flatMap((dependency) =>
      this.#numbersOf(dependency).map((number) => ({
        node: number,
        allowFailure: tolerant || dependency.allowFailure,
      })),
    );
  }

  #numbersOf({ step, place }: Dependency): readonly number[] {
    const found = this.#keys.get(step);
    if (found !== undefined) return found;
    const near = suggest(step, [...this.#keys.keys()]);
    const fix = near === undefined ? "give that step a key:" : `did you mean ${JSON.stringify(near)}?`;
    this.#problems.error(place, "unknown-dependency", `no step has the key ${JSON.stringify(step)}`, fix);
    return [];
  }

  /** A step in a circle would wait for ever. */
  #checkCircles(nodes: readonly PlanNode[]): void {
    const state = new Map<number, "open" | "done">();
    const visit = (number: number): void => {
      const node = nodes[number - this.#first];
      if (node === undefined || state.get(number) === "done") return;
      if (state.get(number) === "open") {
        const message = `step ${JSON.stringify(node.label)} depends on itself, through others`;
        this.#problems.error(node.step.place, "circle", message, "remove one depends_on of the circle");
        return;
      }
      state.set(number, "open");
      for (const need of node.needs) visit(need.node);
      state.set(number, "done");
    };
    for (const { number } of nodes) visit(number);
  }
}

function joined(outer: readonly Dependency[] | undefined, inner: readonly Dependency[] | undefined) {
  if (outer === undefined || inner === undefined) return inner ?? outer;
  return [...outer, ...inner];
}

function labelOf(step: Exclude<PipelineStep, GroupStep>, number: number): string {
  if (step.label !== undefined && step.label.value !== "") return step.label.value;
  if (step.key !== undefined) return step.key.value;
  if (step.kind === "trigger") return `trigger ${step.pipeline}`;
  if (step.kind !== "command") return step.kind;
  const [line = ""] = step.command.trim().split("\n");
  return line === "" ? `step ${number + 1}` : line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
