import { type Scope, Semaphore } from "../../kit/index.ts";
import type { Job, PlanNode } from "../expand/contract.ts";
import type { JobResult, StepResult, StepState } from "./contract.ts";

/** How one node stands. */
interface Standing {
  node: PlanNode;
  state: StepState | "waiting" | "running";
  reason?: string;
  jobs: readonly JobResult[];
}

export interface ScheduleOptions {
  readonly parallel: number;
  /** Why a node is left out by the caller's wish; undefined: it is not. */
  leaveOut(node: PlanNode): string | undefined;
  /** What becomes of a block or input step, once it is its turn. */
  decide(node: PlanNode, scope: Scope): Promise<{ readonly state: "passed" | "blocked"; readonly reason?: string }>;
  /** Needs are not looked at: only some steps were asked for. */
  readonly ignoreNeeds: boolean;
  runJob(job: Job, node: PlanNode, label: string, scope: Scope): Promise<JobResult>;
  onSettled(result: StepResult): void;
}

/** Runs the nodes of a plan as soon as what they need has ended well. */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #standings: Standing[] = [];
  readonly #slots: Semaphore;
  readonly #groups = new Map<string, Semaphore>();
  readonly #running = new Set<Promise<void>>();
  readonly #cancellable = new Set<AbortController>();
  #failing = false;
  #onAdded = () => {};
  firstFailure: number | undefined;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#slots = new Semaphore(Math.max(1, options.parallel));
  }

  get nodes(): readonly PlanNode[] {
    return this.#standings.map(({ node }) => node);
  }

  /** Adds nodes that continue the numbers of those that are there. A wait or block that waits for `after` then waits for them too. */
  add(nodes: readonly PlanNode[], after?: number): void {
    for (const node of nodes) this.#standings.push({ node, state: "waiting", jobs: [] });
    if (after === undefined) return;
    for (const standing of this.#standings) {
      const { node } = standing;
      const barrier = node.kind === "wait" || node.kind === "block";
      const need = node.needs.find((one) => one.node === after);
      if (!barrier || need === undefined || nodes.includes(node)) continue;
      standing.node = { ...node, needs: [...node.needs, ...nodes.map(({ number }) => ({ ...need, node: number }))] };
    }
    this.#onAdded();
  }

  stateOf(number: number): Standing["state"] | undefined {
    return this.#standings[number]?.state;
  }

  /** Runs all that can be run; resolves when nothing runs and nothing can begin. */
  async run(scope: Scope): Promise<readonly StepResult[]> {
    for (;;) {
      while (this.#advance(scope)) {
        // One may let another begin.
      }
      if (this.#running.size === 0) break;
      const added = new Promise<void>((resolve) => {
        this.#onAdded = resolve;
      });
      await Promise.race([...this.#running, added]);
    }
    return this.#standings.map((standing) => resultOf(standing));
  }

  #advance(scope: Scope): boolean {
    const waiting = this.#standings.filter(({ state }) => state === "waiting");
    const ready = waiting.filter((standing) => this.#isReady(standing));
    for (const standing of ready.toSorted((a, b) => priorityOf(b) - priorityOf(a))) this.#begin(standing, scope);
    return ready.some(({ state }) => state !== "running");
  }

  #isReady({ node }: Standing): boolean {
    return this.#options.ignoreNeeds || node.needs.every((need) => !isOpen(this.#standings[need.node]?.state));
  }

  #begin(standing: Standing, scope: Scope): void {
    const { node } = standing;
    const verdict = this.#verdict(node, scope);
    if (verdict !== undefined) {
      this.#settle(standing, verdict.state, verdict.reason);
      return;
    }
    standing.state = "running";
    const asks = node.kind === "block" || node.kind === "input";
    const work = (asks ? this.#ask(standing, scope) : this.#jobs(standing, scope)).finally(() =>
      this.#running.delete(work),
    );
    this.#running.add(work);
  }

  /** How a node ends without running anything; undefined when it has jobs to run. */
  #verdict(node: PlanNode, scope: Scope): { readonly state: StepState; readonly reason?: string } | undefined {
    const chosen = node.kind === "command" || node.kind === "block" || node.kind === "input";
    const left = chosen ? this.#options.leaveOut(node) : undefined;
    if (left !== undefined) return { state: "skipped", reason: left };
    if (scope.signal.aborted) return { state: "canceled" };
    if (node.skipped !== undefined) return { state: "skipped", reason: node.skipped.text };
    if (!this.#options.ignoreNeeds) {
      const bad = node.needs.filter((need) => !need.allowFailure).map((need) => this.#standings[need.node]);
      const failed = bad.find((one) => one?.state === "failed" || one?.state === "broken" || one?.state === "canceled");
      const blocked = bad.find((one) => one?.state === "blocked");
      if (failed !== undefined) return { state: "broken", reason: `${JSON.stringify(failed.node.label)} did not pass` };
      if (blocked !== undefined) return { state: "blocked", reason: `behind ${JSON.stringify(blocked.node.label)}` };
    }
    switch (node.kind) {
      case "wait":
        return { state: "passed" };
      case "block":
      case "input":
        return undefined;
      case "trigger":
        return { state: "skipped", reason: "other pipelines are not triggered from here" };
      case "unknown":
        return { state: "skipped", reason: "nobody knows this kind of step" };
      case "command":
        return node.jobs.every((job) => job.skip !== undefined)
          ? { state: "skipped", reason: "all its jobs are skipped" }
          : undefined;
    }
  }

  async #ask(standing: Standing, scope: Scope): Promise<void> {
    const decided = await this.#options.decide(standing.node, scope).catch(() => ({ state: "canceled" as const }));
    this.#settle(standing, decided.state, "reason" in decided ? decided.reason : undefined);
  }

  async #jobs(standing: Standing, scope: Scope): Promise<void> {
    const { node } = standing;
    const jobs = node.jobs.filter((job) => job.skip === undefined);
    const results = await Promise.all(
      jobs.map((job, at) => this.#oneJob(job, node, labelOf(node, job, at, jobs.length), scope)),
    );
    standing.jobs = results;
    const worst = (["failed", "canceled", "soft_failed"] as const).find((state) =>
      results.some((result) => result.state === state),
    );
    this.#settle(standing, worst ?? "passed", results.find(({ reason }) => reason !== undefined)?.reason);
  }

  /** At most so many at once, and of a concurrency group as many as it says. */
  async #oneJob(job: Job, node: PlanNode, label: string, scope: Scope): Promise<JobResult> {
    const own = new AbortController();
    const signal = AbortSignal.any([scope.signal, own.signal]);
    const work = () => this.#slots.run(signal, () => this.#options.runJob(job, node, label, { ...scope, signal }));
    if (job.step.cancelOnBuildFailing) {
      if (this.#failing) own.abort(new Error("the build is failing"));
      this.#cancellable.add(own);
    }
    try {
      const result = await (job.step.concurrency === undefined
        ? work()
        : this.#group(job.step.concurrency).run(signal, work));
      if (result.state === "failed") this.#onFailure(result);
      return result;
    } catch {
      return { id: job.id, label, state: "canceled", exitCode: -1, attempts: 0, seconds: 0 };
    } finally {
      this.#cancellable.delete(own);
    }
  }

  #onFailure({ exitCode }: JobResult): void {
    this.firstFailure ??= exitCode;
    this.#failing = true;
    for (const one of this.#cancellable) one.abort(new Error("the build is failing"));
  }

  #group({ group, limit }: NonNullable<Job["step"]["concurrency"]>): Semaphore {
    const known = this.#groups.get(group) ?? new Semaphore(limit);
    this.#groups.set(group, known);
    return known;
  }

  #settle(standing: Standing, state: StepState, reason: string | undefined): void {
    standing.state = state;
    if (reason !== undefined) standing.reason = reason;
    this.#options.onSettled(resultOf(standing));
  }
}

function isOpen(state: Standing["state"] | undefined): boolean {
  return state === "waiting" || state === "running";
}

function priorityOf({ node }: Standing): number {
  return Math.max(0, ...node.jobs.map(({ priority }) => priority));
}

function labelOf(node: PlanNode, job: Job, at: number, count: number): string {
  const base = job.label || node.label;
  if (job.parallel !== undefined) return `${base} ${job.parallel.index + 1}/${job.parallel.count}`;
  if (job.matrix === undefined || count === 1) return base;
  const values = [...job.matrix.values()].join(", ");
  return base.includes(values) ? base : `${base} (${values || at})`;
}

function resultOf({ node, state, reason, jobs }: Standing): StepResult {
  return {
    label: node.label,
    kind: node.kind,
    state: isOpen(state) ? "canceled" : (state as StepState),
    jobs,
    ...(node.jobs[0] !== undefined && { manualRetry: node.jobs[0].step.retry.manual }),
    ...(node.key !== undefined && { key: node.key }),
    ...(reason !== undefined && { reason }),
  };
}
