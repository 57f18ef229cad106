import type { Digest, Scope } from "../kit/index.ts";
import type { Edge, Recipe, ResultStore, SolverEvent, Vertex } from "./contract.ts";
import { vertexError } from "./error.ts";
import type { Flights } from "./flights.ts";
import { type KeyPlan, keyPlan } from "./key-plan.ts";
import { combineKey, contentKey, unrepeatableKey, type VertexKey } from "./keys.ts";
import { once, oncePer, Pending } from "./pending.ts";

/** Who wants a node: hears its events while it is a member. */
export interface Listener<R, S extends Scope> {
  tell(vertex: Vertex<R, S>, event: SolverEvent): void;
}
export interface NodeInput<R, S extends Scope> {
  readonly node: Node<R, S>;
  readonly output: number;
}
/** What all nodes of a solver share. */
export interface NodeWorld<R, S extends Scope> {
  readonly store: ResultStore<R, S>;
  readonly flights: Flights<readonly R[]>;
}

/**
 * The work of one vertex, shared by all jobs that want it: recipe, key, result; each is found at most once and kept.
 * Whatever was begun is over when `settled` resolves.
 */
export class Node<R, S extends Scope> {
  readonly vertex: Vertex<R, S>;
  readonly inputs: readonly NodeInput<R, S>[];
  readonly #world: NodeWorld<R, S>;
  readonly #controller = new AbortController();
  readonly #scope: S;
  readonly #listeners = new Set<Listener<R, S>>();
  readonly #history: SolverEvent[] = [];
  readonly #pending = new Pending();
  readonly #late = Promise.withResolvers<void>();
  #failed = false;

  constructor(
    world: NodeWorld<R, S>,
    vertex: Vertex<R, S>,
    inputs: readonly NodeInput<R, S>[],
    scopeOf: (signal: AbortSignal) => S,
  ) {
    this.#world = world;
    this.vertex = vertex;
    this.inputs = inputs;
    this.#scope = scopeOf(this.#controller.signal);
  }

  /** True when its work, or an input's, failed: a job that comes later should not inherit that. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Resolves when the key is known to need work first; perhaps never. */
  get late(): Promise<void> {
    return this.#late.promise;
  }

  /** Adds a listener and tells it what happened so far. */
  join(listener: Listener<R, S>): void {
    if (this.#listeners.has(listener)) return;
    this.#listeners.add(listener);
    for (const event of this.#history) listener.tell(this.vertex, event);
  }
  leave(listener: Listener<R, S>): void {
    this.#listeners.delete(listener);
  }
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }
  settled(): Promise<void> {
    return this.#pending.settled();
  }

  /** Whether there is a result under its key: asked in its own name. */
  async isStored({ digest }: VertexKey, output: number): Promise<boolean> {
    return (await this.#world.store.load(digest, this.#scope))?.[output] !== undefined;
  }

  #begin<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {
      this.#failed = true;
    });
    return this.#pending.add(work);
  }

  /** One output. Of some results not all outputs are stored: who wants one that is not makes the vertex anew. */
  async result(output: number): Promise<R> {
    const stored = (await this.#stored())?.[output];
    if (stored === undefined) return pickOutput(await this.#made(), { vertex: this.vertex, output });
    if (!this.#reported) this.#tellCached();
    this.#reported = true;
    return stored;
  }
  readonly #stored = once(() => this.#begin(this.#findStored()));
  readonly #made = once(() => this.#begin(this.#make()));
  #reported = false;
  /** The final key. */
  readonly key = once(() => this.#begin(this.#findKey()));
  /** What the op found, when its recipe was asked for. */
  async found(): Promise<string | undefined> {
    return (await this.#recipe()).found;
  }
  readonly #recipe = once(() => this.#begin(this.#findRecipe()));

  async #findRecipe(): Promise<Recipe<R, S>> {
    this.#controller.signal.throwIfAborted();
    // Only a vertex without inputs asks the world; its asking is worth a line in the progress.
    const work = () => this.#guard(() => this.vertex.op.recipe(this.#scope));
    try {
      return await (this.inputs.length === 0 ? this.#timed(work) : work());
    } catch (error) {
      throw this.#controller.signal.aborted ? error : this.#explained("failed to load cache key: ", error);
    }
  }

  async #findKey(): Promise<VertexKey> {
    // A chain of vertices may be longer than the stack is deep.
    await Promise.resolve();
    const whenLate = async () => {
      this.#late.resolve();
      this.#startContents(await this.#recipe());
    };
    for (const { node } of this.inputs) node.late.then(whenLate).catch(() => {});
    const [recipe, keys] = await Promise.all([this.#recipe(), Promise.all(this.inputs.map(({ node }) => node.key()))]);
    const plan = keyPlan(recipe, this.inputs, keys, this.vertex.ignoreCache);
    if (!recipe.storable) return unrepeatableKey(plan.fresh);
    const { local, fresh, quick } = plan;
    if (!plan.parts.some(({ byContent }) => byContent)) return { digest: quick, local, fresh };
    const known = plan.trusted ? await this.#guard(() => this.#world.store.finalKey(quick, this.#scope)) : undefined;
    if (known !== undefined) return { digest: known, local, fresh, quick };
    if (plan.linkable) this.#prepareForWork(recipe, plan);
    const contents = plan.parts.map(({ own, byContent }, index) => (byContent ? this.#contentKey(recipe, index) : own));
    const final = combineKey(recipe.digest, await Promise.all(contents));
    if (plan.linkable) await this.#guard(() => this.#world.store.link(quick, final));
    return { digest: final, local, fresh, ...(plan.linkable && { quick }) };
  }

  /**
   * Nothing is remembered of this vertex on these inputs, so it will probably run. Whoever waits for its key hears that it will take
   * time, and inputs that are not stored either begin now: independent branches run at the same time.
   */
  #prepareForWork(recipe: Recipe<R, S>, { parts }: KeyPlan): void {
    this.#late.resolve();
    this.#startContents(recipe);
    for (const [index, { key, byContent }] of parts.entries()) {
      if (byContent) continue;
      const { node, output } = this.inputs[index] as NodeInput<R, S>;
      const start = async () => {
        const stored = key.local || key.fresh ? false : await node.isStored(key, output);
        if (!stored && !this.#controller.signal.aborted) await this.#readyInput(index);
      };
      this.#pending.add(start()).catch(() => {});
    }
  }

  #startContents(recipe: Recipe<R, S>): void {
    for (const index of this.inputs.keys()) {
      if (recipe.content[index] !== undefined) this.#contentOf(recipe, index).catch(() => {});
    }
  }

  async #contentKey(recipe: Recipe<R, S>, index: number): Promise<Digest> {
    await this.#readyInput(index);
    try {
      return await this.#contentOf(recipe, index);
    } catch (error) {
      // The vertex never started, yet it is where the build fails.
      this.#emit({ type: "started", vertex: this.vertex.digest, at: Date.now() });
      this.#emit(completed(this.vertex.digest, false, error));
      throw this.#controller.signal.aborted ? error : this.#explained("failed to compute cache key: ", error);
    }
  }

  /** The error as the build ends with it; the vertex's own progress has it without the prefix, as upstream. */
  #explained(prefix: string, error: unknown): Error {
    return vertexError(this.vertex.digest, causeOf(error), prefix);
  }

  readonly #contentOf = oncePer((recipe: Recipe<R, S>, index: number) =>
    this.#pending.add(this.#hashInput(recipe, index)),
  );

  async #hashInput(recipe: Recipe<R, S>, index: number): Promise<Digest> {
    const input = await this.#readyInput(index);
    const hash = recipe.content[index] as (input: R, scope: S) => Promise<Digest>;
    return contentKey(await this.#guard(() => hash(input, this.#scope)));
  }

  /** The input's result, prepared for the op. */
  readonly #readyInput = (index: number) => this.#readyInputOf(undefined, index);
  readonly #readyInputOf = oncePer((_: undefined, index: number) => this.#pending.add(this.#prepareInput(index)));

  async #prepareInput(index: number): Promise<R> {
    const { node, output } = this.inputs[index] as NodeInput<R, S>;
    const result = await node.result(output);
    const { op } = this.vertex;
    return op.prepare === undefined
      ? result
      : this.#guard(async () => op.prepare?.(result, index, this.#scope) ?? result);
  }

  async #findStored(): Promise<readonly (R | undefined)[] | undefined> {
    // A chain of vertices may be longer than the stack is deep.
    await Promise.resolve();
    return this.#load(await this.key());
  }

  async #make(): Promise<readonly R[]> {
    const key = await this.key();
    const ready = await Promise.all(this.inputs.map((_, index) => this.#readyInput(index)));
    if (key.local) return this.#execute(ready);
    const { signal } = this.#controller;
    const flight = key.fresh ? `${key.digest} anew` : key.digest;
    const { value, led } = await this.#world.flights.run(flight, signal, () => this.#executeAlone(key, ready));
    if (!led) this.#tellCached();
    return value;
  }

  async #load(key: VertexKey): Promise<readonly (R | undefined)[] | undefined> {
    if (key.local || key.fresh) return undefined;
    return this.#guard(() => this.#world.store.load(key.digest, this.#scope));
  }

  #tellCached(): void {
    this.#emit({ type: "started", vertex: this.vertex.digest, at: Date.now() });
    this.#emit(completed(this.vertex.digest, true));
  }

  /** Executes while no other process works on the key; who had to wait may find the result made. */
  #executeAlone(key: VertexKey, inputs: readonly R[]): Promise<readonly R[]> {
    return this.#guard(() =>
      this.#world.store.exclusive(key.digest, this.#scope, async () => {
        const stored = await this.#load(key);
        if (stored !== undefined && isWhole(stored)) {
          this.#tellCached();
          return stored;
        }
        const results = await this.#execute(inputs);
        await this.#world.store.save(key.digest, results);
        return results;
      }),
    );
  }

  #execute(inputs: readonly R[]): Promise<readonly R[]> {
    return this.#timed(() => this.#guard(() => this.vertex.op.execute(inputs, this.#scope)));
  }

  async #timed<T>(work: () => Promise<T>): Promise<T> {
    this.#emit({ type: "started", vertex: this.vertex.digest, at: Date.now() });
    try {
      const value = await work();
      this.#emit(completed(this.vertex.digest, false));
      return value;
    } catch (error) {
      this.#emit(completed(this.vertex.digest, false, error));
      throw error;
    }
  }

  /** Ends with the node's signal; gives every other failure the vertex's name. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.#controller;
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw vertexError(this.vertex.digest, error);
    }
  }

  #emit(event: SolverEvent): void {
    this.#history.push(event);
    for (const listener of this.#listeners) listener.tell(this.vertex, event);
  }
}

function isWhole<R>(results: readonly (R | undefined)[]): results is readonly R[] {
  return results.every((result) => result !== undefined);
}

/** The result of that output. Throws `solver/vertex-failed` when the vertex has no such output. */
function pickOutput<R, S extends Scope>(results: readonly R[], edge: Edge<R, S>): R {
  if (edge.output >= results.length) {
    const message = `cannot use output ${edge.output} of ${JSON.stringify(edge.vertex.name)}: it has ${results.length}`;
    throw vertexError(edge.vertex.digest, new TypeError(message));
  }
  return results[edge.output] as R;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}

function completed(vertex: Digest, cached: boolean, error?: unknown): SolverEvent {
  const at = Date.now();
  if (error === undefined) return { type: "completed", vertex, at, cached };
  return { type: "completed", vertex, at, cached, error: error instanceof Error ? error : new Error(String(error)) };
}
