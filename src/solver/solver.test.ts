import { describe, expect, test } from "vitest";
import { type Digest, isCooperError, type Scope, sha256, sleep } from "../kit/index.ts";
import type { Edge, SolverEvent, Vertex } from "./contract.ts";
import { createSolver } from "./solver.ts";
import { memoryStore } from "./testing/index.ts";

type V = Vertex<string, Scope>;
interface Options {
  readonly inputs?: readonly V[];
  readonly content?: readonly boolean[];
  readonly storable?: boolean;
  readonly ignoreCache?: boolean;
  readonly id?: string;
  readonly run?: (inputs: readonly string[], scope: Scope) => Promise<string>;
}

function world() {
  const ran: string[] = [];
  const store = memoryStore<string>();
  const solver = createSolver<string, Scope, string>({ store, scopeOf: (_, signal) => ({ signal, log: () => {} }) });
  const vertex = (name: string, options: Options = {}): V => ({
    digest: sha256(options.id ?? name),
    name,
    inputs: (options.inputs ?? []).map((input) => ({ vertex: input, output: 0 })),
    ignoreCache: options.ignoreCache ?? false,
    op: {
      recipe: async () => ({
        digest: sha256(name),
        content: (options.inputs ?? []).map((_, index) =>
          options.content?.[index] ? async (input: string) => sha256(input) : undefined,
        ),
        storable: options.storable ?? true,
      }),
      execute: async (inputs, scope) => {
        ran.push(name);
        return [await (options.run?.(inputs, scope) ?? Promise.resolve(`${name}(${inputs.join()})`))];
      },
    },
  });
  const build = async (target: V, signal = new AbortController().signal, member = "job") => {
    const events: SolverEvent[] = [];
    const job = solver.job({ member, signal, onEvent: (event) => events.push(event) });
    try {
      return { result: await job.result(edge(target)), events };
    } finally {
      await job.close();
    }
  };
  return { ran, store, solver, vertex, build };
}
const edge = (vertex: V): Edge<string, Scope> => ({ vertex, output: 0 });
const told = (events: readonly SolverEvent[], names: Record<string, Digest>) =>
  events.map((event) => {
    const name = Object.keys(names).find((key) => names[key] === event.vertex);
    return `${name} ${event.type}${event.type === "completed" && event.cached ? " cached" : ""}`;
  });

describe("a build", () => {
  test("runs each vertex once, inputs first, and nothing the second time", async () => {
    const { ran, vertex, build } = world();
    const base = vertex("base");
    const left = vertex("left", { inputs: [base] });
    const right = vertex("right", { inputs: [base] });
    const top = vertex("top", { inputs: [left, right] });
    expect((await build(top)).result).toBe("top(left(base()),right(base()))");
    expect(ran).toEqual(["base", "left", "right", "top"]);
    expect((await build(top)).result).toBe("top(left(base()),right(base()))");
    expect(ran).toHaveLength(4);
  });

  test("tells inputs of a stored result as cached, inputs first, although they never ran", async () => {
    const { vertex, build } = world();
    const base = vertex("base");
    const middle = vertex("middle", { inputs: [base] });
    const top = vertex("top", { inputs: [middle] });
    const names = { base: base.digest, middle: middle.digest, top: top.digest };
    await build(top);
    const { events } = await build(top);
    expect(told(events, names)).toEqual([
      // A vertex without inputs asks the world for its recipe, and that is told too.
      "base started",
      "base completed",
      "middle started",
      "middle completed cached",
      "top started",
      "top completed cached",
    ]);
  });

  test("finds a result by content when only the content of a local input is the same", async () => {
    const { ran, vertex, build } = world();
    const copyOf = (id: string, bytes: string) => {
      const local = vertex("local", { id, storable: false, run: async () => bytes });
      return vertex("copy", { id: `copy ${id}`, inputs: [local], content: [true] });
    };
    await build(copyOf("session 1", "bytes"));
    await build(copyOf("session 2", "bytes"));
    expect(ran.filter((name) => name === "copy")).toHaveLength(1);
    await build(copyOf("session 3", "other bytes"));
    expect(ran.filter((name) => name === "copy")).toHaveLength(2);
  });

  test("does not store what rests on a local vertex by its key", async () => {
    const { ran, store, vertex, build } = world();
    const top = vertex("top", { inputs: [vertex("local", { storable: false })] });
    await build(top);
    await build(top);
    expect(ran).toEqual(["local", "top", "local", "top"]);
    expect(store.results.size).toBe(0);
  });

  test("evaluates no input when a link from the quick key is known", async () => {
    const { ran, vertex, build } = world();
    const base = vertex("base");
    const top = vertex("top", { inputs: [base], content: [true] });
    await build(top);
    ran.length = 0;
    await build(top);
    expect(ran).toEqual([]);
  });

  test("ignoreCache runs the vertex anew, and what rests on it, but not what reads the same content", async () => {
    const { ran, vertex, build } = world();
    const graph = (ignoreCache: boolean) => {
      const base = vertex("base");
      const step = vertex("step", { inputs: [base], ignoreCache });
      const next = vertex("next", { inputs: [step] });
      return vertex("copy", { inputs: [next], content: [true] });
    };
    await build(graph(false));
    ran.length = 0;
    await build(graph(true));
    expect(ran).toEqual(["step", "next"]);
    ran.length = 0;
    await build(graph(false));
    expect(ran).toEqual([]);
  });

  test("a chain may be longer than the stack is deep", async () => {
    const { vertex, build } = world();
    const first = vertex("0", { run: async () => "0" });
    let last = first;
    for (let i = 1; i < 12_000; i++) last = vertex(`${i}`, { inputs: [last], run: async () => `${i}` });
    expect((await build(last)).result).toBe("11999");
  });

  test("two vertices of one final key run once", async () => {
    const { ran, vertex, build } = world();
    const same = (id: string) => vertex("same", { id, run: () => sleep(5).then(() => "x") });
    const { result } = await build(vertex("top", { inputs: [same("a"), same("b")] }));
    expect(result).toBe("top(x,x)");
    expect(ran).toEqual(["same", "top"]);
  });
});

describe("a result of which only some outputs are stored", () => {
  test("is used as it is, and made whole when somebody wants another one", async () => {
    const { ran, store, solver, vertex, build } = world();
    const parts = vertex("parts");
    await build(parts);
    const [key] = [...store.results.keys()] as [Digest];
    store.results.set(key, [undefined as never, "second"]);
    ran.length = 0;
    const job = solver.job({ member: "job", signal: new AbortController().signal, onEvent: () => {} });
    expect(await job.result({ vertex: parts, output: 1 })).toBe("second");
    expect(ran).toEqual([]);
    expect(await job.result({ vertex: parts, output: 0 })).toBe("parts()");
    expect(ran).toEqual(["parts"]);
    await job.close();
  });
});

describe("independent branches", () => {
  /** base, then what stage a made, then what stage b made: as COPY --from does it. */
  const stages = (
    vertex: ReturnType<typeof world>["vertex"],
    version: string,
    running: { now: number; most: number },
  ) => {
    const stage = (name: string) =>
      vertex(`${name} ${version}`, {
        run: async () => {
          running.most = Math.max(running.most, ++running.now);
          await sleep(10);
          running.now--;
          return `${name} ${version}`;
        },
      });
    const first = vertex("copy a", { id: `a ${version}`, inputs: [stage("base"), stage("a")], content: [false, true] });
    return vertex("copy b", { id: `b ${version}`, inputs: [first, stage("b")], content: [false, true] });
  };

  test("run at the same time when nothing is stored, though keys of one need the content of the other", async () => {
    const { vertex, build } = world();
    const running = { now: 0, most: 0 };
    await build(stages(vertex, "1", running));
    expect(running.most).toBe(3);
  });

  test("run at the same time again when all of them changed", async () => {
    const { vertex, build } = world();
    await build(stages(vertex, "1", { now: 0, most: 0 }));
    const running = { now: 0, most: 0 };
    await build(stages(vertex, "2", running));
    expect(running.most).toBe(3);
  });
});

describe("a failure", () => {
  test("names its vertex and keeps the op's error as cause", async () => {
    const { vertex, build } = world();
    const broken = vertex("broken", { run: async () => Promise.reject(new Error("exit code: 42")) });
    const error = await build(vertex("top", { inputs: [broken] })).catch((e: unknown) => e);
    expect(isCooperError(error, "solver/vertex-failed") && error.message).toBe("exit code: 42");
    expect(isCooperError(error) && error.details).toEqual({ kind: "vertex", vertex: broken.digest });
  });

  test("leaves the keys of what did not fail to be asked for", async () => {
    const { solver, vertex } = world();
    const fine = vertex("fine");
    const broken = vertex("broken", { inputs: [fine], content: [true] });
    broken.op.recipe = async () => Promise.reject(new Error("no"));
    const job = solver.job({ member: "job", signal: new AbortController().signal, onEvent: () => {} });
    await expect(job.result(edge(broken))).rejects.toThrow("no");
    expect((await job.keys()).map(({ vertex: { name } }) => name)).toEqual(["fine"]);
    await job.close();
  });

  test("ends the build at once and cancels what still runs", async () => {
    const { vertex, build } = world();
    let ended = "";
    const slow = vertex("slow", {
      run: (_, scope) =>
        sleep(60_000, scope.signal).then(
          () => "never",
          (error) => {
            ended = "cancelled";
            throw error;
          },
        ),
    });
    const broken = vertex("broken", { run: () => sleep(5).then(() => Promise.reject(new Error("no"))) });
    await expect(build(vertex("top", { inputs: [slow, broken] }))).rejects.toThrow("no");
    expect(ended).toBe("cancelled");
  });

  test("is not inherited by a job that comes later", async () => {
    const { solver, vertex, build } = world();
    let tries = 0;
    const flaky = vertex("flaky", { run: async () => (tries++ === 0 ? Promise.reject(new Error("no")) : "fine") });
    const top = vertex("top", { inputs: [flaky] });
    const first = solver.job({ member: "first", signal: new AbortController().signal, onEvent: () => {} });
    await expect(first.result(edge(top))).rejects.toThrow("no");
    expect((await build(top)).result).toBe("top(fine)");
    await first.close();
  });
});

describe("two jobs", () => {
  test("share a running vertex; the one that leaves does not hurt the other", async () => {
    const { ran, vertex, build } = world();
    const shared = vertex("shared", { run: (_, scope) => sleep(20, scope.signal).then(() => "made") });
    const leaving = new AbortController();
    const first = build(shared, leaving.signal);
    const second = build(shared);
    setTimeout(() => leaving.abort(new Error("gone")), 5);
    await expect(first).rejects.toThrow("gone");
    expect((await second).result).toBe("made");
    expect(ran).toEqual(["shared"]);
  });

  test("the last one to leave cancels the work, and close waits for its end", async () => {
    const { vertex, build } = world();
    let ended = false;
    const stubborn = vertex("stubborn", {
      run: async (_, scope) => {
        await sleep(60_000, scope.signal).catch(() => {});
        await sleep(10);
        ended = true;
        throw scope.signal.reason;
      },
    });
    const leaving = new AbortController();
    const first = build(stubborn, leaving.signal);
    setTimeout(() => leaving.abort(new Error("gone")), 5);
    await expect(first).rejects.toThrow("gone");
    expect(ended).toBe(true);
  });

  test("work of one final key goes over to the other job when its leader's job leaves", async () => {
    const { ran, vertex, build } = world();
    const same = (id: string) => vertex("same", { id, run: (_, scope) => sleep(20, scope.signal).then(() => "made") });
    const leaving = new AbortController();
    const first = build(same("a"), leaving.signal);
    const second = build(same("b"));
    setTimeout(() => leaving.abort(new Error("gone")), 5);
    await expect(first).rejects.toThrow("gone");
    expect((await second).result).toBe("made");
    expect(ran).toEqual(["same", "same"]);
  });
});
