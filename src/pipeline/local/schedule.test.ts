import fc from "fast-check";
import { expect, test } from "vitest";
import { quietScope } from "../../kit/index.ts";
import type { PlanNode } from "../expand/contract.ts";
import { planPipeline } from "../expand/plan.ts";
import { loadPipeline } from "../load.ts";
import { Problems } from "../problems.ts";
import { plainBuild } from "../testing/index.ts";
import type { JobResult, StepState } from "./contract.ts";
import { Schedule } from "./schedule.ts";

function planned(steps: unknown): readonly PlanNode[] {
  const { documents } = loadPipeline(JSON.stringify(steps), "p.yml");
  const [document] = documents;
  if (document === undefined) throw new Error("no pipeline");
  return planPipeline(document.pipeline, { build: plainBuild, env: new Map() }, new Problems("p.yml")).nodes;
}

/** Runs the nodes; a job takes so many turns and ends with the state that is given for its node. */
async function run(
  nodes: readonly PlanNode[],
  ends: readonly { readonly state: StepState; readonly turns: number }[],
  parallel: number,
) {
  const began: number[] = [];
  const ended: number[] = [];
  let most = 0;
  const schedule = new Schedule({
    parallel,
    decide: async () => ({ state: "passed", reason: "unblocked" }),
    ignoreNeeds: false,
    leaveOut: () => undefined,
    onSettled: () => {},
    async runJob(job, node, label): Promise<JobResult> {
      for (const need of node.needs) {
        expect(["waiting", "running"]).not.toContain(schedule.stateOf(need.node));
        if (!need.allowFailure) expect(["passed", "soft_failed", "skipped"]).toContain(schedule.stateOf(need.node));
      }
      began.push(node.number);
      most = Math.max(most, began.length - ended.length);
      const { state, turns } = ends[node.number % ends.length] ?? { state: "passed", turns: 0 };
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      ended.push(node.number);
      return { id: job.id, label, state, exitCode: state === "passed" ? 0 : 1, attempts: 1, seconds: 0 };
    },
  });
  schedule.add(nodes);
  const results = await schedule.run(quietScope);
  return { results, began, most };
}

const key = (at: number) => `k${at}`;
const command = (at: number) =>
  fc.record(
    {
      command: fc.constant("x"),
      key: fc.constant(key(at)),
      depends_on: fc.array(fc.nat({ max: Math.max(0, at - 1) }).map(key), { maxLength: at === 0 ? 0 : 3 }),
      allow_dependency_failure: fc.boolean(),
      parallelism: fc.integer({ min: 0, max: 2 }),
      concurrency: fc.constant(1),
      concurrency_group: fc.constant("g"),
    },
    { requiredKeys: ["command", "key"] },
  );
const pipeline = fc.tuple(
  ...Array.from({ length: 8 }, (_, at) =>
    fc.oneof({ weight: 3, arbitrary: command(at) }, fc.constantFrom("wait", "block")),
  ),
);

test("random pipelines end, each job runs at most once, after what it needs, and never more at once than may be", async () => {
  const end = fc.record({
    state: fc.constantFrom<StepState>("passed", "failed", "soft_failed"),
    turns: fc.nat({ max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(
      pipeline,
      fc.array(end, { minLength: 1 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, ends, parallel) => {
        const known = new Set(steps.flatMap((step) => (typeof step === "string" ? [] : [step.key])));
        const whole = steps.map((step) => {
          if (typeof step === "string" || step.depends_on === undefined) return step;
          return { ...step, depends_on: step.depends_on.filter((one) => known.has(one)) };
        });
        const nodes = planned(whole);
        const { results, began, most } = await run(nodes, ends, parallel);
        expect(results).toHaveLength(nodes.length);
        expect(most).toBeLessThanOrEqual(parallel);
        for (const [number, result] of results.entries()) {
          const ran = began.filter((one) => one === number).length;
          const jobs = nodes[number]?.jobs.length ?? 0;
          expect(ran === 0 || ran === jobs).toBe(true);
          // Nothing waits without a reason: who did not run has something bad before it, or nothing to run.
          if (ran === 0 && jobs > 0) expect(result.state).toBe("broken");
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("steps that are added while others run begin at once, and the wait behind the one that added them waits for them", async () => {
  const nodes = planned([{ command: "a" }, "wait", { command: "last" }]);
  const order: string[] = [];
  const schedule: Schedule = new Schedule({
    parallel: 2,
    decide: async () => ({ state: "blocked", reason: "nobody is there" }),
    ignoreNeeds: false,
    leaveOut: () => undefined,
    onSettled: ({ label }) => order.push(label),
    async runJob(job, node, label) {
      if (node.number === 0) {
        const { documents } = loadPipeline('[{"command": "new"}]', "q.yml");
        const [document] = documents;
        if (document !== undefined) {
          const options = { build: plainBuild, env: new Map(), before: schedule.nodes, upload: "1" };
          schedule.add(planPipeline(document.pipeline, options, new Problems("q.yml")).nodes, 0);
        }
      }
      if (label === "new") await new Promise((resolve) => setTimeout(resolve, 20));
      return { id: job.id, label, state: "passed", exitCode: 0, attempts: 1, seconds: 0 };
    },
  });
  schedule.add(nodes);
  await schedule.run(quietScope);
  expect(order).toEqual(["a", "new", "wait", "last"]);
});
