import { readdirSync } from "node:fs";
import { Code, type RpcStatus } from "../grpc/index.ts";
import type { HistoryRecord } from "./history/history-folder.ts";
import { Counter, Histogram, plainMetric } from "./prometheus.ts";

/** Names of the status codes as upstream's labels have them: `NotFound`. */
const codeNames = new Map(
  Object.entries(Code).map(([name, code]) => {
    const words =
      name === "OK" ? name : name.toLowerCase().replace(/(?:^|_)(.)/g, (_, first: string) => first.toUpperCase());
    return [code as number, words === "Cancelled" ? "Canceled" : words] as const;
  }),
);

const buildSeconds = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];
const callSeconds = [0.005, 0.025, 0.1, 0.5, 1, 5, 10, 60, 300];

/** What the daemon counts, under upstream's names. */
export class Metrics {
  readonly #started = Date.now();
  readonly #builds = new Counter("buildkit_builds_total", "Number of builds completed.");
  readonly #steps = new Counter("buildkit_builds_steps_total", "Number of build steps observed, by kind.");
  readonly #seconds = new Histogram("buildkit_build_duration_seconds", "How long builds took.", buildSeconds);
  readonly #calls = new Histogram("rpc_server_call_duration_seconds", "How long calls took.", callSeconds);
  readonly #running = new Map<symbol, { readonly path: string; readonly since: number }>();

  buildEnded({ error, createdAt, completedAt, ...record }: HistoryRecord): void {
    const status = error === undefined ? "success" : "failure";
    this.#builds.add(1, { status, ...(error && { error_code: codeNames.get(error.code) ?? String(error.code) }) });
    this.#steps.add(record.numCompletedSteps, { kind: "completed" });
    this.#steps.add(record.numCachedSteps, { kind: "cached" });
    this.#steps.add(record.numTotalSteps, { kind: "total" });
    this.#steps.add(record.numWarnings, { kind: "warnings" });
    const seconds = (time: typeof createdAt) => Number(time?.seconds ?? 0n) + (time?.nanos ?? 0) / 1e9;
    this.#seconds.observe(seconds(completedAt) - seconds(createdAt), { status });
  }

  /** A call has begun; what it gives back is called at its end. */
  readonly call = (path: string): ((status: RpcStatus) => void) => {
    const id = Symbol();
    const since = Date.now();
    this.#running.set(id, { path, since });
    return ({ code }) => {
      this.#running.delete(id);
      const labels = { rpc_method: path.slice(1), rpc_response_status_code: codeNames.get(code) ?? String(code) };
      this.#calls.observe((Date.now() - since) / 1000, labels);
    };
  };

  /** The calls under way, the longest first. */
  runningCalls(): readonly { readonly path: string; readonly since: number }[] {
    return [...this.#running.values()];
  }

  /** Everything in Prometheus's text format. */
  text(): string {
    const { rss } = process.memoryUsage();
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    return [
      ...[this.#builds, this.#steps, this.#seconds, this.#calls].map((metric) => metric.text()),
      plainMetric("process_cpu_seconds_total", "counter", "CPU time spent.", (userCPUTime + systemCPUTime) / 1e6),
      plainMetric("process_open_fds", "gauge", "Open file descriptors.", readdirSync("/proc/self/fd").length),
      plainMetric("process_resident_memory_bytes", "gauge", "Resident memory.", rss),
      plainMetric("process_start_time_seconds", "gauge", "Start of the daemon.", this.#started / 1000),
    ].join("");
  }
}
