import type { TaskStatus, VertexStatus, VertexWarning } from "../../client/index.ts";
import { type Interval, mergeIntervals } from "./intervals.ts";
import type { Screen } from "./screen.ts";

/**
 * What a view knows of one step, or of a group of steps that is shown as one. Text is kept as it came, one character a
 * byte (latin1), because a log chunk may end inside a character.
 */
export class ViewVertex {
  readonly digest: string;
  name = "";
  error = "";
  cached = false;
  /** Number in the plain view; 0: not shown yet. */
  index = 0;
  /** A group none of whose strong members has started. */
  hidden = false;
  readonly #intervals = new Map<number, Interval>();
  merged: readonly Interval[] = [];

  /** Tasks in the order in which they started. */
  readonly tasks: TaskStatus[] = [];
  readonly #taskAt = new Map<string, number>();
  /** Ids of tasks with news since the last print. */
  readonly newTasks = new Set<string>();
  readonly warnings: VertexWarning[] = [];
  warningsShown = 0;

  /** Lines not yet printed, the last one perhaps without its end. */
  lines: string[] = [];
  partial = false;
  /** How much of the first line the view has printed. */
  printed = 0;
  /** The last lines, kept for the report of a failure. */
  lastLines: string[] = [];
  screen: Screen | undefined;
  logBytes = 0;

  /** News since it was last the current one of the plain view, and since when. */
  count = 0;
  blockedSince: number | undefined;
  #seen: VertexStatus | undefined;

  constructor(digest: string) {
    this.digest = digest;
  }

  get started(): boolean {
    return this.merged.length > 0;
  }
  get completed(): boolean {
    return this.started && this.merged.at(-1)?.stop !== undefined;
  }
  get latest(): Interval | undefined {
    return this.merged.at(-1);
  }
  /** Upstream tells a cancelled step by the end of its error. */
  get cancelled(): boolean {
    return this.error.endsWith("context canceled");
  }

  addNews(now: number): void {
    if (this.count === 0) this.blockedSince = now;
    this.count++;
  }

  /** Takes over a step's new state; true when that changes what is shown. */
  take(status: VertexStatus): boolean {
    // A later announcement without a start does not reset a step that runs.
    if (!this.started || status.started !== undefined) {
      this.name = status.name;
      this.error = status.error ?? "";
      this.cached = status.cached ?? false;
    }
    const old = this.#seen;
    if (status.started === undefined) return false;
    this.#seen = status;
    this.cover(status.started.getTime(), status.completed?.getTime());
    return (
      old === undefined ||
      old.name !== status.name ||
      old.started?.getTime() !== status.started.getTime() ||
      (status.completed !== undefined && old.completed?.getTime() !== status.completed.getTime()) ||
      (old.cached ?? false) !== (status.cached ?? false) ||
      (old.error ?? "") !== (status.error ?? "")
    );
  }

  /** Adds a time at which it ran; true when that is new. */
  cover(start: number, stop: number | undefined): boolean {
    const old = this.#intervals.get(start);
    if (old !== undefined && old.stop === stop) return false;
    this.#intervals.set(start, { start, stop });
    this.merged = mergeIntervals(this.#intervals.values());
    return true;
  }

  takeTask(task: TaskStatus): void {
    const at = this.#taskAt.get(task.id);
    if (at !== undefined) this.tasks[at] = task;
    else if (task.started !== undefined) {
      this.#taskAt.set(task.id, this.tasks.length);
      this.tasks.push(task);
    }
    this.newTasks.add(task.id);
  }

  /** Adds output; each new line begins with the seconds since the step started. */
  takeLog(data: Uint8Array, timestamp: number): void {
    const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1");
    if (text === "") return;
    const parts = text.split("\n");
    const complete = parts.at(-1) === "";
    if (complete) parts.pop();
    const time = stamp((timestamp - (this.latest?.start ?? timestamp)) / 1000);
    for (const [at, part] of parts.entries()) {
      const last = this.lines.length - 1;
      if (at === 0 && this.partial && last >= 0) this.lines[last] += part;
      else this.lines.push(`${time} ${part}`);
    }
    this.partial = !complete;
  }
}

/** Seconds in five characters while they fit: `0.214`, `12.34`, `123.4`. */
function stamp(seconds: number): string {
  return seconds.toFixed(seconds < 10 ? 3 : seconds < 100 ? 2 : 1);
}
