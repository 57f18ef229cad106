import type { Digest, Scope } from "../kit/index.ts";
import type { SolverEvent, Vertex } from "./contract.ts";
import { inputsFirst } from "./inputs-first.ts";
import { advance, type VertexProgress } from "./vertex-progress.ts";

/**
 * What one job hears. As in upstream, a vertex that starts although an input never ran means that the input was not needed:
 * the input (and what is below it) is reported as cached, inputs first.
 */
export class JobProgress<R, S extends Scope> {
  readonly #onEvent: (event: SolverEvent) => void;
  readonly #states = new Map<Digest, VertexProgress>();
  constructor(onEvent: (event: SolverEvent) => void) {
    this.#onEvent = onEvent;
  }

  tell(vertex: Vertex<R, S>, event: SolverEvent): void {
    if (event.type === "started") for (const input of vertex.inputs) this.#skip(input.vertex, event.at);
    this.#move(vertex.digest, event);
  }

  /** The job leaves: what still runs, for others, is over for this job. */
  end(reason: Error): void {
    for (const [vertex, state] of this.#states) {
      if (state.kind !== "running") continue;
      this.#states.set(vertex, { kind: "ended", cached: false, failed: true });
      this.#onEvent({ type: "completed", vertex, at: Date.now(), cached: false, error: reason });
    }
  }

  #skip(skipped: Vertex<R, S>, at: number): void {
    for (const { digest } of inputsFirst(skipped, (vertex) => this.#state(vertex.digest).kind !== "waiting")) {
      // Another vertex of that digest may have come first.
      if (this.#state(digest).kind !== "waiting") continue;
      this.#move(digest, { type: "started", vertex: digest, at });
      this.#move(digest, { type: "completed", vertex: digest, at, cached: true });
    }
  }

  #state(digest: Digest): VertexProgress {
    return this.#states.get(digest) ?? { kind: "waiting" };
  }

  #move(digest: Digest, event: SolverEvent): void {
    const step =
      event.type === "started"
        ? ({ type: "started" } as const)
        : ({ type: "completed", cached: event.cached, failed: event.error !== undefined } as const);
    const { state, tell } = advance(this.#state(digest), step);
    this.#states.set(digest, state);
    if (tell) this.#onEvent(event);
  }
}
