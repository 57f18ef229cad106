import fc from "fast-check";
import { expect, test } from "vitest";
import { type Digest, isCooperError, type Scope, sha256, sha256Fields } from "../kit/index.ts";
import type { SolverEvent, Vertex } from "./contract.ts";
import { createSolver } from "./solver.ts";
import { memoryStore } from "./testing/index.ts";

/** A vertex of a random graph: inputs are indexes of earlier vertices. */
interface Plan {
  readonly recipe: number;
  readonly inputs: readonly { readonly of: number; readonly byContent: boolean }[];
  readonly kind: "plain" | "local" | "fails";
  readonly ignoreCache: boolean;
  readonly turns: number;
}
type V = Vertex<string, Scope>;

const plans = (kinds: readonly Plan["kind"][], ignoring: boolean) =>
  fc
    .array(
      fc.record({
        recipe: fc.nat(6),
        inputs: fc.array(fc.record({ of: fc.nat(30), byContent: fc.boolean() }), { maxLength: 3 }),
        kind: fc.constantFrom(...kinds),
        ignoreCache: ignoring ? fc.boolean() : fc.constant(false),
        turns: fc.nat(4),
      }),
      { minLength: 1, maxLength: 14 },
    )
    .map((list) =>
      list.map((plan, index): Plan => {
        const inputs = index === 0 ? [] : plan.inputs.map((input) => ({ ...input, of: input.of % index }));
        return { ...plan, inputs };
      }),
    );

/** What of a value a content key sees: little, so that different values often look the same. */
const look = (value: string) => sha256(value.slice(0, 8));
const valueFrom = (plan: Plan, inputs: readonly string[]) =>
  sha256Fields(String(plan.recipe), plan.kind, ...inputs.map((v, i) => (plan.inputs[i]?.byContent ? look(v) : v)));

function naive(list: readonly Plan[]): string[] {
  const values: string[] = [];
  for (const plan of list)
    values.push(
      valueFrom(
        plan,
        plan.inputs.map(({ of }) => values[of] ?? ""),
      ),
    );
  return values;
}

async function pause(turns: number, signal: AbortSignal): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    signal.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Vertices for the plans. `ran` counts executions by value: the value is what the final key stands for. */
function graph(list: readonly Plan[], ran: Map<string, number>, salt: string): V[] {
  const vertices: V[] = [];
  list.forEach((plan, index) => {
    const inputs = plan.inputs.map(({ of }) => ({ vertex: vertices[of] as V, output: 0 }));
    const reads = plan.inputs.map((input) => input.byContent).join();
    const own = plan.kind === "local" ? salt : "";
    vertices.push({
      digest: sha256Fields(String(index), own, JSON.stringify(plan), ...inputs.map(({ vertex }) => vertex.digest)),
      name: `v${index}`,
      inputs,
      ignoreCache: plan.ignoreCache,
      op: {
        recipe: async (scope) => {
          await pause(plan.turns % 2, scope.signal);
          const content = plan.inputs.map((input) => (input.byContent ? async (v: string) => look(v) : undefined));
          return { digest: sha256(`${plan.recipe} ${plan.kind} ${reads}`), content, storable: plan.kind !== "local" };
        },
        execute: async (values, scope) => {
          await pause(plan.turns, scope.signal);
          if (plan.kind === "fails") throw new Error(`failure of v${index}`);
          const value = valueFrom(plan, values);
          ran.set(value, (ran.get(value) ?? 0) + 1);
          return [value];
        },
      },
    });
  });
  return vertices;
}

function newSolver(store = memoryStore<string>()) {
  return createSolver<string, Scope, number>({ store, scopeOf: (_, signal) => ({ signal, log: () => {} }) });
}

async function build(solver: ReturnType<typeof newSolver>, target: V, signal = new AbortController().signal) {
  const events: SolverEvent[] = [];
  const job = solver.job({ member: 0, signal, onEvent: (event) => events.push(event) });
  try {
    return { value: await job.result({ vertex: target, output: 0 }), events };
  } finally {
    await job.close();
    expectOrder(events);
  }
}

/** Per vertex: started and completed take turns, and nothing is left open. */
function expectOrder(events: readonly SolverEvent[]): void {
  const open = new Set<Digest>();
  for (const event of events) {
    expect(open.has(event.vertex)).toBe(event.type === "completed");
    if (event.type === "started") open.add(event.vertex);
    else open.delete(event.vertex);
  }
  expect(open.size).toBe(0);
}

const last = <T>(list: readonly T[]): T => list[list.length - 1] as T;

test("random graphs: same value as a naive evaluator, each final key once, nothing again the second time", async () => {
  await fc.assert(
    fc.asyncProperty(plans(["plain"], false), async (list) => {
      const ran = new Map<string, number>();
      const solver = newSolver();
      const { value } = await build(solver, last(graph(list, ran, "one")));
      expect(value).toBe(last(naive(list)));
      expect(Math.max(...ran.values())).toBe(1);
      const before = ran.size;
      expect((await build(solver, last(graph(list, ran, "two")))).value).toBe(value);
      expect(Math.max(...ran.values())).toBe(1);
      expect(ran.size).toBe(before);
    }),
    { numRuns: 150 },
  );
});

test("random graphs with local and uncached vertices: right value, also for two jobs at once on one store", async () => {
  await fc.assert(
    fc.asyncProperty(plans(["plain", "plain", "local"], true), async (list) => {
      const store = memoryStore<string>();
      const solvers = [newSolver(store), newSolver(store)] as const;
      const ran = new Map<string, number>();
      const outcomes = await Promise.all(
        [solvers[0], solvers[0], solvers[1]].map((solver, n) => build(solver, last(graph(list, ran, `${n}`)))),
      );
      for (const { value } of outcomes) expect(value).toBe(last(naive(list)));
    }),
    { numRuns: 150 },
  );
});

test("random graphs with failures: the build fails just when the naive one does, and the vertex is known", async () => {
  await fc.assert(
    fc.asyncProperty(plans(["plain", "plain", "plain", "fails"], false), async (list) => {
      const needed = new Set<number>([list.length - 1]);
      for (let i = list.length - 1; i >= 0; i--) {
        if (needed.has(i)) for (const { of } of list[i]?.inputs ?? []) needed.add(of);
      }
      const failing = list.some((plan, index) => needed.has(index) && plan.kind === "fails");
      const vertices = graph(list, new Map(), "");
      const outcome = await build(newSolver(), last(vertices)).catch((error: unknown) => error);
      expect(isCooperError(outcome, "solver/vertex-failed")).toBe(failing);
      if (!isCooperError(outcome)) return;
      const { vertex } = outcome.details as { vertex: Digest };
      expect(list[vertices.findIndex(({ digest }) => digest === vertex)]?.kind).toBe("fails");
    }),
    { numRuns: 150 },
  );
});

test("random graphs, cancelled at a random moment: all settles, and another job is not hurt", async () => {
  await fc.assert(
    fc.asyncProperty(plans(["plain", "local"], true), fc.nat(12), async (list, turns) => {
      const solver = newSolver();
      const leaving = new AbortController();
      const vertices = graph(list, new Map(), "");
      const first = build(solver, last(vertices), leaving.signal).catch((error: unknown) => error);
      const second = build(solver, last(vertices));
      await pause(turns, new AbortController().signal);
      leaving.abort(new Error("gone"));
      const outcome = await first;
      if (outcome instanceof Error) expect(outcome.message).toBe("gone");
      expect((await second).value).toBe(last(naive(list)));
    }),
    { numRuns: 150 },
  );
});
