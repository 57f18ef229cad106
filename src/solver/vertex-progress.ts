/** What a job has been told of a vertex. `runs` counts overlapping pieces of work: the first starts it, the last completes it. */
export type VertexProgress =
  | { readonly kind: "waiting" }
  | { readonly kind: "running"; readonly runs: number }
  | { readonly kind: "ended"; readonly cached: boolean; readonly failed: boolean };

export type ProgressEvent =
  | { readonly type: "started" }
  | { readonly type: "completed"; readonly cached: boolean; readonly failed: boolean };

export interface ProgressMove {
  readonly state: VertexProgress;
  /** Whether the event is news to the job. */
  readonly tell: boolean;
}

/** The next state. Throws on `completed` without `started`: nobody may end what did not begin. */
export function advance(state: VertexProgress, event: ProgressEvent): ProgressMove {
  if (event.type === "started") {
    if (state.kind === "running") return { state: { kind: "running", runs: state.runs + 1 }, tell: false };
    return { state: { kind: "running", runs: 1 }, tell: true };
  }
  if (state.kind !== "running") throw new TypeError(`vertex completed while it was ${state.kind}`);
  if (state.runs > 1) return { state: { kind: "running", runs: state.runs - 1 }, tell: false };
  return { state: { kind: "ended", cached: event.cached, failed: event.failed }, tell: true };
}
