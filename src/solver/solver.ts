import { CooperError, type Digest, raceSignal, type Scope, sha256Fields } from "../kit/index.ts";
import type { Edge, Job, JobOptions, KnownKey, Solver, SolverOptions, Vertex } from "./contract.ts";
import { Flights } from "./flights.ts";
import { inputsFirst } from "./inputs-first.ts";
import { JobProgress } from "./job-progress.ts";
import { Node, type NodeWorld } from "./node.ts";

/** A node with the jobs that want it. */
interface Shared<R, S extends Scope, J> {
  readonly node: Node<R, S>;
  readonly id: Digest;
  readonly jobs: Map<JobProgress<R, S>, J>;
}

/** What all jobs of a solver share. */
interface Shop<R, S extends Scope, J> {
  readonly options: SolverOptions<R, S, J>;
  readonly world: NodeWorld<R, S>;
  /** The nodes that some job wants now. */
  readonly active: Map<Digest, Shared<R, S, J>>;
}

/**
 * A solver: each vertex is worked on once for all jobs that want it at a time, and not at all when its result is stored.
 * Two vertices are the same when their digests are, and ignore the cache alike all the way down.
 */
export function createSolver<R, S extends Scope, J>(options: SolverOptions<R, S, J>): Solver<R, S, J> {
  const world: NodeWorld<R, S> = { store: options.store, flights: new Flights() };
  const shop = { options, world, active: new Map<Digest, Shared<R, S, J>>() };
  return { job: (jobOptions) => new SolverJob(shop, jobOptions) };
}

class SolverJob<R, S extends Scope, J> implements Job<R, S> {
  readonly #shop: Shop<R, S, J>;
  readonly #member: J;
  readonly #signal: AbortSignal;
  readonly #progress: JobProgress<R, S>;
  readonly #loaded = new Map<Vertex<R, S>, Shared<R, S, J>>();
  readonly #mine = new Map<Digest, Shared<R, S, J>>();
  readonly #onAbort = () => {
    this.close().catch(() => {});
  };
  #closing: Promise<void> | undefined;

  constructor(shop: Shop<R, S, J>, { member, signal, onEvent }: JobOptions<J>) {
    this.#shop = shop;
    this.#member = member;
    this.#signal = signal;
    this.#progress = new JobProgress(onEvent);
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  async result(edge: Edge<R, S>): Promise<R> {
    this.#signal.throwIfAborted();
    if (this.#closing !== undefined) throw new CooperError("solver/closed", "cannot solve: the job is closed");
    for (const vertex of inputsFirst(edge.vertex, (known) => this.#loaded.has(known))) this.#join(vertex);
    return raceSignal(this.#loadedOf(edge.vertex).node.result(edge.output), this.#signal);
  }

  async keys(): Promise<readonly KnownKey<R, S>[]> {
    const known = [...this.#mine.values()].map(async ({ node }) => {
      // A frontend may live with a vertex that failed.
      const key = await raceSignal(node.key(), this.#signal).catch(() => undefined);
      this.#signal.throwIfAborted();
      return key === undefined || key.local ? [] : [{ vertex: node.vertex, final: key.digest, quick: key.quick }];
    });
    return (await Promise.all(known)).flat();
  }

  async found(vertex: Vertex<R, S>): Promise<string | undefined> {
    return this.#loaded.get(vertex)?.node.found();
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave();
    this.#signal.removeEventListener("abort", this.#onAbort);
    return this.#closing;
  }

  /** Takes part in the vertex's node, which others may work on already. Its inputs were joined before. */
  #join(vertex: Vertex<R, S>): void {
    const { active } = this.#shop;
    const id = identity(
      vertex,
      vertex.inputs.map((edge) => this.#loadedOf(edge.vertex).id),
    );
    let shared = this.#mine.get(id) ?? active.get(id);
    if (shared === undefined || (shared.node.failed && !shared.jobs.has(this.#progress)))
      shared = this.#make(id, vertex);
    active.set(id, shared);
    this.#loaded.set(vertex, shared);
    this.#mine.set(id, shared);
    shared.jobs.set(this.#progress, this.#member);
    shared.node.join(this.#progress);
  }

  #make(id: Digest, vertex: Vertex<R, S>): Shared<R, S, J> {
    const { world, options } = this.#shop;
    const jobs = new Map<JobProgress<R, S>, J>();
    const inputs = vertex.inputs.map((edge) => ({ node: this.#loadedOf(edge.vertex).node, output: edge.output }));
    const members = () => [...jobs.values()];
    const node = new Node(world, vertex, inputs, (ended) => options.scopeOf(vertex, ended, members));
    return { node, id, jobs };
  }

  #loadedOf(vertex: Vertex<R, S>): Shared<R, S, J> {
    return this.#loaded.get(vertex) as Shared<R, S, J>;
  }

  async #leave(): Promise<void> {
    const orphans = [...this.#mine.values()].filter((shared) => this.#abandon(shared));
    const reason = this.#signal.aborted ? this.#signal.reason : new CooperError("solver/cancelled", "context canceled");
    // The job still listens while the work that it leaves behind comes to its end.
    for (const { node } of orphans) node.abort(reason);
    await Promise.all(orphans.map(({ node }) => node.settled()));
    for (const { node } of this.#mine.values()) node.leave(this.#progress);
    this.#progress.end(reason instanceof Error ? reason : new Error(String(reason)));
  }

  /** Gives up the interest in a node; true when nobody else has any. */
  #abandon(shared: Shared<R, S, J>): boolean {
    const { active } = this.#shop;
    shared.jobs.delete(this.#progress);
    if (shared.jobs.size > 0) return false;
    if (active.get(shared.id) === shared) active.delete(shared.id);
    return true;
  }
}

function identity<R, S extends Scope>(vertex: Vertex<R, S>, inputs: readonly Digest[]): Digest {
  return sha256Fields(vertex.digest, vertex.ignoreCache ? "anew" : "", ...inputs);
}
