import { type Interval, mergeIntervals } from "./intervals.ts";
import type { Trace } from "./trace.ts";
import { formatAmount } from "./units.ts";
import type { ViewVertex } from "./vertex.ts";

/** One line of the view that redraws: a step, one of its tasks, or a warning. Times are of our clock. */
export interface Job {
  readonly name: string;
  readonly status: string;
  readonly intervals: readonly Interval[];
  readonly completed: boolean;
  readonly outcome: "ok" | "error" | "cancelled";
  /** Set for a step's own line. */
  readonly vertex?: ViewVertex;
}

/** The lines to draw, in the order in which the steps started. */
export function jobsOf(trace: Trace): Job[] {
  const shift = trace.clockDifference ?? 0;
  return trace.vertexes.flatMap((vertex) => [
    stepJob(vertex, shift),
    ...vertex.tasks.map((task): Job => {
      const interval = { start: task.started?.getTime() ?? task.timestamp.getTime(), stop: task.completed?.getTime() };
      return {
        name: `=> ${task.id}`,
        status: formatAmount(task.current, task.total),
        intervals: [shifted(interval, shift)],
        completed: task.completed !== undefined,
        outcome: "ok",
      };
    }),
    ...vertex.warnings.map((warning): Job => {
      const name = `WARN: ${Buffer.from(warning.short).toString("utf8")}`;
      const latest = vertex.latest;
      const intervals = latest === undefined ? [] : [shifted(latest, shift)];
      return { name, status: "", intervals, completed: false, outcome: "cancelled" };
    }),
  ]);
}

function stepJob(vertex: ViewVertex, shift: number): Job {
  const name = vertex.name.replaceAll("\t", " ");
  const outcome = vertex.error === "" ? "ok" : vertex.cancelled ? "cancelled" : "error";
  const marked = outcome === "ok" ? name : `${outcome === "cancelled" ? "CANCELED" : "ERROR"} ${name}`;
  return {
    name: vertex.cached ? `CACHED ${marked}` : marked,
    status: "",
    intervals: mergeIntervals(vertex.merged.map((interval) => shifted(interval, shift))),
    completed: vertex.completed,
    outcome,
    vertex,
  };
}

function shifted({ start, stop }: Interval, by: number): Interval {
  return { start: start + by, stop: stop === undefined ? undefined : stop + by };
}

/** The last `limit` jobs; running ones that fell off the top take the places of finished ones. */
export function fitHeight(jobs: readonly Job[], limit: number): readonly Job[] {
  if (limit < 0) return [];
  if (jobs.length <= limit) return jobs;
  const visible = jobs.slice(jobs.length - limit);
  const hidden = jobs.slice(0, jobs.length - limit).filter((job) => !job.completed);
  let excess = hidden.length;
  const kept = visible.filter((job) => !job.completed || excess-- <= 0);
  const room = visible.length - kept.length;
  return [...hidden.slice(hidden.length - room), ...kept];
}
