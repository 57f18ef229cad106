import { type Digest, messageOf, sha256 } from "../kit/index.ts";
import type { OpEvent } from "../ops/index.ts";
import type { SolverEvent } from "../solver/index.ts";
import type { SolveStatus, TaskStatus, VertexStatus, VertexWarning } from "./contract.ts";

/** What progress knows of a vertex before anything happens to it. */
export type VertexNotice = Pick<VertexStatus, "digest" | "name" | "inputs" | "progressGroup">;

/**
 * One build's progress: turns what solver, ops and exporters tell into status updates of upstream's shape
 * (`client.SolveStatus`). Every update goes out at once, in order.
 */
export class JobStatus {
  readonly #send: (status: SolveStatus) => void;
  readonly #signal: AbortSignal;
  readonly #vertices = new Map<Digest, VertexNotice>();
  /** Vertices that run, since when, and how often at once: clients would take each start without its end for a run of its own. */
  readonly #running = new Map<Digest, { readonly since: Date; times: number; error: Error | undefined }>();
  /** Statuses that have begun and not ended, by vertex. */
  readonly #open = new Map<Digest, Map<string, TaskStatus>>();
  #tasks = 0;
  /** What ends while `signal` is aborted was cancelled, whatever it says itself: clients know that by upstream's words. */
  constructor(send: (status: SolveStatus) => void, signal: AbortSignal) {
    this.#send = send;
    this.#signal = signal;
  }

  /** Tells of vertices that will perhaps run. Those that were told of before are left out. */
  announce(vertices: readonly VertexNotice[]): void {
    const news = vertices.filter(({ digest }) => !this.#vertices.has(digest));
    for (const vertex of news) this.#vertices.set(vertex.digest, vertex);
    if (news.length > 0) this.#send({ vertexes: news });
  }

  solver(event: SolverEvent): void {
    if (event.type === "started") this.start(event.vertex, new Date(event.at));
    else this.complete(event.vertex, new Date(event.at), event.cached, event.error);
  }

  start(vertex: Digest, at = new Date()): void {
    const running = this.#running.get(vertex);
    if (running !== undefined) {
      running.times++;
      return;
    }
    this.#running.set(vertex, { since: at, times: 1, error: undefined });
    this.#send({ vertexes: [{ ...this.#notice(vertex), started: at }] });
  }

  complete(vertex: Digest, at = new Date(), cached = false, error?: Error): void {
    const running = this.#running.get(vertex) ?? { since: at, times: 1, error: undefined };
    running.error ??= error;
    if (--running.times > 0) return;
    this.#running.delete(vertex);
    const statuses = this.#endStatuses(vertex, at);
    const reason = this.#signal.aborted ? "context canceled" : messageOf(running.error);
    const end = { completed: at, ...(cached && { cached }), ...(running.error && { error: reason }) };
    const vertexes = [{ ...this.#notice(vertex), started: running.since, ...end }];
    this.#send({ vertexes, ...(statuses.length > 0 && { statuses }) });
  }

  /** What a vertex that ends has not ended itself (another part of it failed): upstream's clients wait for all before they say ERROR. */
  #endStatuses(vertex: Digest, at: Date): readonly TaskStatus[] {
    const open = [...(this.#open.get(vertex)?.values() ?? [])];
    this.#open.delete(vertex);
    return open.map((status) => ({ ...status, timestamp: at, completed: at }));
  }

  op(vertex: Digest, event: OpEvent): void {
    const timestamp = new Date();
    if (event.type === "log") {
      this.#send({ logs: [{ vertex, stream: event.stream, data: event.data, timestamp }] });
      return;
    }
    const { id, current, total, started, completed } = event;
    const times = {
      ...(started !== undefined && { started: new Date(started) }),
      ...(completed !== undefined && { completed: new Date(completed) }),
    };
    const status = {
      id,
      vertex,
      name: statusName(id),
      current,
      ...(total !== undefined && { total }),
      timestamp,
      ...times,
    };
    this.#note(status);
    this.#send({ statuses: [status] });
  }

  #note(status: TaskStatus): void {
    const { vertex, id, started, completed } = status;
    const open = this.#open.get(vertex) ?? new Map<string, TaskStatus>();
    if (started === undefined || completed !== undefined) open.delete(id);
    else open.set(id, status);
    if (open.size === 0) this.#open.delete(vertex);
    else this.#open.set(vertex, open);
  }

  warn(warning: VertexWarning): void {
    this.#send({ warnings: [warning] });
  }

  /** Runs work that is no vertex of the graph (`exporting to image`, `[internal] load metadata for …`) as a line of its own. */
  async task<T>(name: string, work: (emit: (event: OpEvent) => void, vertex: Digest) => Promise<T>): Promise<T> {
    const digest = sha256(`task ${++this.#tasks} ${name}`);
    this.#vertices.set(digest, { digest, name });
    return this.during(digest, () => work((event) => this.op(digest, event), digest));
  }

  /** Runs work that belongs to a vertex, outside of its own run. */
  async during<T>(vertex: Digest, work: () => Promise<T>): Promise<T> {
    this.start(vertex);
    try {
      const value = await work();
      this.complete(vertex);
      return value;
    } catch (error) {
      this.complete(vertex, new Date(), false, error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  #notice(digest: Digest): VertexNotice {
    return this.#vertices.get(digest) ?? { digest, name: digest };
  }
}

/** Upstream gives some statuses a name beside their id: what is being done. */
function statusName(id: string): string {
  return /^(transferring|extracting) /.exec(id)?.[1] ?? "";
}
