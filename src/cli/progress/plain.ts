import type { TaskStatus } from "../../client/index.ts";
import { secondsOf } from "./intervals.ts";
import type { Trace } from "./trace.ts";
import { formatAmount } from "./units.ts";
import type { ViewVertex } from "./vertex.ts";

/** A step stays the current one at least this long while it has news, in seconds. */
const antiFlicker = 5;
/** A step with news waits at most this long, in milliseconds. */
const maxDelay = 10_000;
/** A running task is printed again after this many milliseconds, or this part of its whole. */
const minTimeDelta = 5000;
const minProgressDelta = 0.05;
/** How many last lines of a failed step are shown again at the end. */
const lastLines = 10;

/** Text to a terminal or a log, one character a byte. */
export type Write = (text: string) => void;

/** UTF-8 text as one character a byte. */
export function asBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** Prints a build as lines, `#N …` for the Nth step to be shown; one step at a time has the word. */
export class PlainPrinter {
  readonly #write: Write;
  readonly #trace: Trace;
  readonly #lastTasks = new Map<string, { current: number; timestamp: number }>();
  readonly #nameLimit: number;
  #current: string | undefined;
  #first = true;
  #nextIndex = 0;

  /** Names longer than `nameLimit` bytes are cut. */
  constructor(trace: Trace, write: Write, nameLimit = Number.POSITIVE_INFINITY) {
    this.#nameLimit = nameLimit;
    this.#trace = trace;
    this.#write = write;
  }

  /** Prints what is new: finished steps first, then the one that has the word, which may pass to another. */
  print(now: number): void {
    const { completed, running } = this.#news();
    const current = this.#current;
    const vertex = current === undefined ? undefined : completed.get(current);
    if (vertex !== undefined) this.#show(vertex, now);
    for (const other of byEnd(completed.values())) if (other !== vertex) this.#show(other, now);
    if (running.size === 0) {
      this.#openAny(current, now);
      return;
    }
    const active = current === undefined ? undefined : running.get(current);
    if (active !== undefined) this.#show(active, now);
    const next = this.#nextSpeaker(running, current, vertex !== undefined, now);
    if (next !== undefined) this.#show(next, now);
  }

  #news(): { completed: Map<string, ViewVertex>; running: Map<string, ViewVertex> } {
    const completed = new Map<string, ViewVertex>();
    const running = new Map<string, ViewVertex>();
    for (const digest of this.#trace.updated) {
      const vertex = this.#trace.byDigest.get(digest);
      if (vertex === undefined || vertex.hidden) continue;
      (vertex.completed ? completed : running).set(digest, vertex);
    }
    return { completed, running };
  }

  /** With no news from running steps, a log still should end with the name of one that runs. */
  #openAny(current: string | undefined, now: number): void {
    const vertex = current === undefined ? undefined : this.#trace.byDigest.get(current);
    if (vertex?.started && !vertex.completed) return;
    const open = this.#trace.byDigest.values().find((one) => one.started && !one.completed && !one.hidden);
    if (open !== undefined) this.#show(open, now);
  }

  /** The running step that gets the word, when the current one has ended or has had it for long enough. */
  #nextSpeaker(
    running: Map<string, ViewVertex>,
    current: string | undefined,
    ended: boolean,
    now: number,
  ): ViewVertex | undefined {
    const open = current === undefined ? undefined : this.#trace.byDigest.get(current);
    if (current !== undefined && open !== undefined) running.set(current, open);
    const speeds = new Map<string, number>();
    let loudest: string | undefined;
    let starving: string | undefined;
    for (const [digest, vertex] of running) {
      if (vertex.blockedSince === undefined) continue;
      const waited = now - vertex.blockedSince;
      const speed = waited === 0 ? Number.POSITIVE_INFINITY : vertex.count / (waited / 1000);
      speeds.set(digest, speed);
      if (waited > maxDelay && digest !== current) starving ??= digest;
      if (loudest === undefined || (speeds.get(loudest) ?? 0) < speed) loudest = digest;
    }
    const next = running.get(starving ?? loudest ?? "");
    if (ended || current === undefined || starving !== undefined) return next;
    const sum = [...speeds.values()].reduce((total, speed) => total + speed, 0);
    const share = (speeds.get(current) ?? 0) / sum;
    const waited = (now - (open?.blockedSince ?? now)) / 1000;
    return (1 / (1 - share)) * antiFlicker < waited ? next : undefined;
  }

  #show(vertex: ViewVertex, now: number): void {
    if (vertex.index === 0) vertex.index = ++this.#nextIndex;
    if (vertex.digest !== this.#current) this.#switchTo(vertex);
    const open = this.#printTasks(vertex);
    for (; vertex.warningsShown < vertex.warnings.length; vertex.warningsShown++) {
      const short = vertex.warnings[vertex.warningsShown]?.short ?? new Uint8Array();
      this.#line(vertex, `WARN: ${Buffer.from(short).toString("latin1")}`);
    }
    this.#printLines(vertex);
    this.#current = vertex.digest;
    if (vertex.completed && !open) this.#finish(vertex, now);
    this.#trace.updated.delete(vertex.digest);
  }

  #switchTo(vertex: ViewVertex): void {
    const old = this.#current === undefined ? undefined : this.#trace.byDigest.get(this.#current);
    if (old !== undefined) {
      if (old.partial) this.#write("\n");
      old.printed = 0;
      old.count = 0;
      this.#line(old, "...");
    }
    if (!this.#first) this.#write("\n");
    this.#first = false;
    const name = asBytes(vertex.name);
    this.#line(vertex, name.length > this.#nameLimit ? `${name.slice(0, this.#nameLimit)}...` : name);
  }

  /** True when a task of the step still runs. */
  #printTasks(vertex: ViewVertex): boolean {
    let open = false;
    for (const task of vertex.tasks) {
      if (!vertex.newTasks.has(task.id) || !this.#isWorthALine(task)) continue;
      this.#lastTasks.set(task.id, { current: task.current, timestamp: task.timestamp.getTime() });
      if (task.completed === undefined) open = true;
      this.#line(vertex, asBytes(taskText(task)));
    }
    vertex.newTasks.clear();
    return open;
  }

  #isWorthALine(task: TaskStatus): boolean {
    const last = this.#lastTasks.get(task.id);
    if (last === undefined || task.completed !== undefined) return true;
    const progress = task.total ? (task.current - last.current) / task.total : 0;
    return progress >= minProgressDelta || task.timestamp.getTime() - last.timestamp >= minTimeDelta;
  }

  #printLines(vertex: ViewVertex): void {
    for (const [at, line] of vertex.lines.entries()) {
      const partial = vertex.partial && at === vertex.lines.length - 1;
      if (at === 0 && vertex.printed > 0) this.#write(line.slice(vertex.printed));
      else this.#write(`#${vertex.index} ${line}`);
      if (!partial) this.#write("\n");
      if (!partial) vertex.lastLines = [...vertex.lastLines.slice(1 - lastLines), line];
    }
    vertex.lines = vertex.partial ? vertex.lines.slice(-1) : [];
    vertex.printed = vertex.lines[0]?.length ?? 0;
  }

  #finish(vertex: ViewVertex, now: number): void {
    this.#current = undefined;
    vertex.count = 0;
    if (vertex.partial) {
      this.#write("\n");
      vertex.lastLines = [...vertex.lastLines.slice(1 - lastLines), ...vertex.lines];
      vertex.lines = [];
      vertex.partial = false;
    }
    if (vertex.error !== "") this.#line(vertex, vertex.cancelled ? "CANCELED" : `ERROR: ${asBytes(vertex.error)}`);
    else if (vertex.cached) this.#line(vertex, "CACHED");
    else this.#line(vertex, `DONE ${secondsOf(vertex.merged, now).toFixed(1)}s`);
  }

  #line(vertex: ViewVertex, text: string): void {
    this.#write(`#${vertex.index} ${text}\n`);
  }
}

function taskText(task: TaskStatus): string {
  const amount = formatAmount(task.current, task.total);
  const end = (task.completed ?? task.timestamp).getTime();
  const seconds = task.started === undefined ? 0 : (end - task.started.getTime()) / 1000;
  const time = seconds > 0.01 ? ` ${seconds.toFixed(1)}s` : "";
  return `${task.id}${amount === "" ? "" : ` ${amount}`}${time}${task.completed === undefined ? "" : " done"}`;
}

function byEnd(vertexes: Iterable<ViewVertex>): ViewVertex[] {
  return [...vertexes].sort((a, b) => (a.latest?.stop ?? 0) - (b.latest?.stop ?? 0));
}
