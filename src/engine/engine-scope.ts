import { CooperError, type Digest } from "../kit/index.ts";
import type { OpScope, Ref } from "../ops/index.ts";
import type { RequestRecord } from "../proxy/index.ts";
import type { Session } from "../session/index.ts";
import type { SolverOptions } from "../solver/index.ts";
import type { CacheFinder } from "./cache/find-in-caches.ts";
import type { EngineVertex } from "./graph.ts";
import type { JobStatus } from "./job-status.ts";

/** A job as the solver's vertices see it. */
export interface Member {
  readonly session: Session;
  readonly status: JobStatus;
  /** The vertex that a pending layer of the result came from, by the layer's digest: its pull shows there. */
  readonly layerVertices: Map<Digest, Digest>;
  /** Looks into the caches that it imported; undefined: there are none. */
  finder: CacheFinder | undefined;
  /** Its frontend runs elsewhere, and may look at what a step that failed leaves. */
  keepsFailures: boolean;
  /** What a step got through the builder's proxy. */
  readonly onRequests: (vertex: Digest, record: RequestRecord) => void;
  /** As in `OpScope`: the policies of its job. */
  readonly allowRequest: OpScope["allowRequest"];
  readonly traceOf: ((vertex: Digest) => string) | undefined;
  /** Solves a definition in its job. */
  readonly solve: (definition: Uint8Array) => Promise<Ref>;
}

/** What ops get here: they may also tell of other vertices, of an image that is pulled because this step needs it. */
export interface EngineScope extends OpScope {
  /** What caches say that jobs imported which want the vertex now; undefined: there are none. */
  readonly imported: ImportedResults | undefined;
  readonly during: <T>(vertex: Digest, work: (scope: OpScope) => Promise<T>) => Promise<T>;
}

/** One vertex in the caches from elsewhere. */
export interface ImportedResults {
  /** Whether it is known there without a look at what its inputs contain. */
  knows(): Promise<boolean>;
  /** The results of its outputs, as far as they are there. Inputs may be made for that, to look at what they contain. */
  load(): Promise<readonly (Ref | undefined)[] | undefined>;
}

/** In the first of the jobs that goes on with it to the end: one that is cancelled must not hurt the others. */
async function solveForAny(
  definition: Uint8Array,
  members: () => readonly Member[],
  signal: AbortSignal,
): Promise<Ref> {
  for (;;) {
    const [member] = members();
    if (member === undefined) throw signal.reason ?? new CooperError("engine/cancelled", "context canceled");
    try {
      return await member.solve(definition);
    } catch (error) {
      signal.throwIfAborted();
      if (members().includes(member)) throw error;
    }
  }
}

function importedBy(members: readonly Member[], vertex: EngineVertex): ImportedResults | undefined {
  const finders = members.flatMap(({ finder }) => (finder === undefined || finder.caches.length === 0 ? [] : [finder]));
  if (finders.length === 0) return undefined;
  return {
    knows: async () => {
      for (const finder of finders) if (await finder.knows(vertex)) return true;
      return false;
    },
    load: async () => {
      for (const finder of finders) {
        const refs = await finder.load(vertex);
        if (refs !== undefined) return refs;
      }
      return undefined;
    },
  };
}

/** Scopes for vertices: what an op tells reaches every job that wants the vertex at that moment. */
export function scopesFor(log: (message: string) => void): SolverOptions<Ref, EngineScope, Member>["scopeOf"] {
  return (vertex, signal, members) => {
    const scopeOf = (digest: Digest): OpScope => ({
      signal,
      log,
      emit: (event) => {
        for (const { status } of members()) status.op(digest, event);
      },
      name: vertex.name,
      get callers() {
        return members().map(({ session }) => session);
      },
      onRequests: (record) => {
        for (const { onRequests } of members()) onRequests(digest, record);
      },
      get allowRequest() {
        const rules = members().flatMap(({ allowRequest }) => (allowRequest === undefined ? [] : [allowRequest]));
        if (rules.length === 0) return undefined;
        return async (url: string, method: string) => {
          let allowed = url;
          for (const rule of rules) allowed = await rule(allowed, method);
          return allowed;
        };
      },
      get traceparent() {
        return members()
          .find(({ traceOf }) => traceOf !== undefined)
          ?.traceOf?.(digest);
      },
      get keepsFailures() {
        return members().some(({ keepsFailures }) => keepsFailures);
      },
      solve: (definition) => solveForAny(definition, members, signal),
    });
    const during: EngineScope["during"] = (digest, work) => {
      const nested = members().reduce<() => ReturnType<typeof work>>(
        (inner, { status }) =>
          () =>
            status.during(digest, inner),
        () => work(scopeOf(digest)),
      );
      return nested();
    };
    const imported = () => importedBy(members(), vertex);
    // A spread would freeze `callers`.
    const own = Object.defineProperties(
      { during } as EngineScope,
      Object.getOwnPropertyDescriptors(scopeOf(vertex.digest)),
    );
    return Object.defineProperty(own, "imported", { get: imported });
  };
}
