import { CooperError, type Digest, raceSignal, type Scope, sha256Fields } from "../kit/index.ts";
import type { Edge, Job, JobOptions, Solver, SolverOptions, Vertex } from "./contract.ts";
import { Flights } from "./flights.ts";
import { inputsFirst } from "./inputs-first.ts";
import { JobProgress } from "./job-progress.ts";
import { Node, type NodeWorld, pickOutput } from "./node.ts";

/** A node with the jobs that want it. */
interface Shared<R, S extends Scope, J> {
  readonly node: Node<R, S>;
  readonly id: Digest;
  readonly jobs: Map<JobProgress<R, S>, J>;
}

/**
 * A solver: each vertex is worked on once for all jobs that want it at a time, and not at all when its result is stored.
 * Two vertices are the same when their digests are, and ignore the cache alike all the way down.
 */
export function createSolver<R, S extends Scope, J>(options: SolverOptions<R, S, J>): Solver<R, S, J> {
  const world: NodeWorld<R> = { store: options.store, flights: new Flights() };
  const active = new Map<Digest, Shared<R, S, J>>();
  return { job: (jobOptions) => openJob(options, world, active, jobOptions) };
}

function openJob<R, S extends Scope, J>(
  options: SolverOptions<R, S, J>,
  world: NodeWorld<R>,
  active: Map<Digest, Shared<R, S, J>>,
  { member, signal, onEvent }: JobOptions<J>,
): Job<R, S> {
  const progress = new JobProgress<R, S>(onEvent);
  const loaded = new Map<Vertex<R, S>, Shared<R, S, J>>();
  const mine = new Map<Digest, Shared<R, S, J>>();
  let closing: Promise<void> | undefined;

  // Inputs were loaded before.
  const loadedOf = (vertex: Vertex<R, S>) => loaded.get(vertex) as Shared<R, S, J>;
  const make = (id: Digest, vertex: Vertex<R, S>): Shared<R, S, J> => {
    const jobs = new Map<JobProgress<R, S>, J>();
    const inputs = vertex.inputs.map((edge) => ({ node: loadedOf(edge.vertex).node, output: edge.output }));
    const members = () => [...jobs.values()];
    const node = new Node(world, vertex, inputs, (ended) => options.scopeOf(vertex, ended, members));
    return { node, id, jobs };
  };

  const join = (vertex: Vertex<R, S>) => {
    const inputIds = vertex.inputs.map((edge) => loadedOf(edge.vertex).id);
    const id = identity(vertex, inputIds);
    let shared = mine.get(id) ?? active.get(id);
    if (shared === undefined || (shared.node.failed && !shared.jobs.has(progress))) shared = make(id, vertex);
    active.set(id, shared);
    loaded.set(vertex, shared);
    mine.set(id, shared);
    shared.jobs.set(progress, member);
    shared.node.join(progress);
  };
  const load = (vertex: Vertex<R, S>): Shared<R, S, J> => {
    for (const one of inputsFirst(vertex, (known) => loaded.has(known))) join(one);
    return loadedOf(vertex);
  };

  const forget = async () => {
    const orphans = [...mine.values()].filter((shared) => {
      shared.jobs.delete(progress);
      if (shared.jobs.size > 0) return false;
      if (active.get(shared.id) === shared) active.delete(shared.id);
      return true;
    });
    // The job still listens while the work that it leaves behind comes to its end.
    const reason = signal.aborted ? signal.reason : new CooperError("solver/cancelled", "context canceled");
    for (const { node } of orphans) node.abort(reason);
    await Promise.all(orphans.map(({ node }) => node.settled()));
    for (const { node } of mine.values()) node.leave(progress);
    progress.end(reason instanceof Error ? reason : new Error(String(reason)));
  };
  const close = () => {
    closing ??= forget();
    signal.removeEventListener("abort", onAbort);
    return closing;
  };
  const onAbort = () => {
    close().catch(() => {});
  };
  signal.addEventListener("abort", onAbort, { once: true });

  return {
    async result(edge) {
      signal.throwIfAborted();
      if (closing !== undefined) throw new CooperError("solver/closed", "cannot solve: the job is closed");
      return pickOutput(await raceSignal(load(edge.vertex).node.results(), signal), edge as Edge<R, S>);
    },
    close,
  };
}

function identity<R, S extends Scope>(vertex: Vertex<R, S>, inputs: readonly Digest[]): Digest {
  return sha256Fields(vertex.digest, vertex.ignoreCache ? "anew" : "", ...inputs);
}
