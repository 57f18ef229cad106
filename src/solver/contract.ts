import type { Digest, Scope } from "../kit/index.ts";

/**
 * One node of the graph. `R` is what ops make (the solver only passes it on), `S` the scope that ops are given.
 * A vertex is known by the digest of the bytes that define it: two builds with the same vertex share its work.
 */
export interface Vertex<R, S extends Scope> {
  readonly digest: Digest;
  readonly name: string;
  readonly inputs: readonly Edge<R, S>[];
  readonly op: Op<R, S>;
  /** Do not look for a stored result of this vertex (`--no-cache`); still store what comes out. */
  readonly ignoreCache: boolean;
}
export interface Edge<R, S extends Scope> {
  readonly vertex: Vertex<R, S>;
  /** Which of the vertex's outputs. */
  readonly output: number;
}

export interface Op<R, S extends Scope> {
  /** What the op does, apart from its inputs. May ask the world (resolve a tag, list a git ref). Called once per vertex. */
  recipe(scope: S): Promise<Recipe<R, S>>;
  /**
   * What must be done with an input before the op may look at it (an image is pulled: that is not this vertex's progress). Content
   * functions and `execute` get what it returns. Called at most once per input, as soon as the input is there.
   */
  prepare?(input: R, index: number, scope: S): Promise<R>;
  /** Its name for builders of other kinds. The solver never asks: a build that has to do with no cache from elsewhere pays nothing. */
  portable?(scope: S): Promise<PortableKey<R, S>>;
  /** Does it. `inputs` in the vertex's order; one result per output. Called at most once per final key at a time. */
  execute(inputs: readonly R[], scope: S): Promise<readonly R[]>;
}
/** How builders of other kinds know an op, apart from its inputs: what caches that leave the machine are written in. */
export interface PortableKey<R, S extends Scope> {
  /** Several when the op goes by several names; none when it has no name that means anything elsewhere. */
  readonly digests: readonly Digest[];
  /** How many results it has. */
  readonly outputs: number;
  /** In the vertex's order. */
  readonly inputs: readonly PortableInput<R, S>[];
}
export interface PortableInput<R, S extends Scope> {
  /** What of the input is used: part of the link to it; empty for all of it. */
  readonly selector: string;
  /** Content that may stand for the input instead of its own key. */
  readonly content?: (input: R, scope: S) => Promise<Digest>;
}
export interface Recipe<R, S extends Scope> {
  /** The op's part of every key. It implies what the content functions read: one digest, one way to read. */
  readonly digest: Digest;
  /** Per input: its content key (digest of just the paths that the op reads), or undefined when only its own key counts. */
  readonly content: readonly (((input: R, scope: S) => Promise<Digest>) | undefined)[];
  /** False: the result is true for this job only (a local directory); it is never stored, and its key is not known elsewhere. */
  readonly storable: boolean;
  /** What the op found in the world (a tag's digest, a branch's commit), for who asks later where a result comes from. */
  readonly found?: string;
}

/**
 * Persistent memory of keys and results. A *quick key* is recipe + keys of the inputs; a *final key* has content keys in place
 * of the keys of those inputs whose content counts. Without content inputs both are the same.
 */
export interface ResultStore<R, S extends Scope = Scope> {
  /** The final key that this quick key led to before, here or for one of the jobs of the scope. */
  finalKey(quickKey: Digest, scope: S): Promise<Digest | undefined>;
  link(quickKey: Digest, finalKey: Digest): Promise<void>;
  /** The outputs stored under the final key; undefined in place of one that is not there (any more, or in a cache from elsewhere). */
  load(finalKey: Digest, scope: S): Promise<readonly (R | undefined)[] | undefined>;
  save(finalKey: Digest, results: readonly R[]): Promise<void>;
  /** Runs `work` while no other process runs work of that key; who waited looks again with `load` first. */
  exclusive<T>(finalKey: Digest, scope: Scope, work: () => Promise<T>): Promise<T>;
}

/** What a job hears of its vertices, in order, per vertex: `started`, then `completed`. Times are milliseconds since the epoch. */
export type SolverEvent =
  | { readonly type: "started"; readonly vertex: Digest; readonly at: number }
  | {
      readonly type: "completed";
      readonly vertex: Digest;
      readonly at: number;
      readonly cached: boolean;
      readonly error?: Error;
    };

/** `details` of the error that a failed build ends with (`solver/vertex-failed`): which vertex; the op's own error is the cause. */
export interface VertexErrorDetails {
  readonly kind: "vertex";
  readonly vertex: Digest;
}

/** `J` is what a job is for its user: the solver hands it back as a member of the vertices that the job wants. */
export interface SolverOptions<R, S extends Scope, J> {
  readonly store: ResultStore<R, S>;
  /** The scope of one vertex's work: ended by `signal`; `members` tells at any time which live jobs want it. */
  readonly scopeOf: (vertex: Vertex<R, S>, signal: AbortSignal, members: () => readonly J[]) => S;
}
export interface Solver<R, S extends Scope, J> {
  job(options: JobOptions<J>): Job<R, S>;
}
export interface JobOptions<J> {
  readonly member: J;
  /** Aborted: results reject with its reason, and work that nobody else wants ends. `close` must be called all the same. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: SolverEvent) => void;
}

/** A vertex with what its results are stored under. */
export interface KnownKey<R, S extends Scope> {
  readonly vertex: Vertex<R, S>;
  readonly final: Digest;
  /** Leads to `final` without a look at any content. */
  readonly quick: Digest | undefined;
}

/** One build's interest in vertices. */
export interface Job<R, S extends Scope> {
  /** May be called for many edges, at once or in turn. Rejects `solver/vertex-failed`, or the signal's reason. */
  result(edge: Edge<R, S>): Promise<R>;
  /** The keys of all vertices that the job asked for so far; those that nothing is stored under are left out. */
  keys(): Promise<readonly KnownKey<R, S>[]>;
  /** What the op of a vertex found in the world, which may have been another job's; undefined when that is nothing. */
  found(vertex: Vertex<R, S>): Promise<string | undefined>;
  /** Ends the interest; resolves when all work that only this job wanted has ended. */
  close(): Promise<void>;
}
