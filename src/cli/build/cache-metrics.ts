import type { SolveStatus } from "../../client/index.ts";

interface Seen {
  readonly name: string;
  cached: boolean;
  completed: boolean;
  from: boolean;
}

/** Counts steps for `--debug-json-cache-metrics`: how much of the build came from the cache. */
export class CacheMetrics {
  readonly #seen = new Map<string, Seen>();

  update(status: SolveStatus): void {
    for (const vertex of status.vertexes ?? []) {
      const seen = this.#seen.get(vertex.digest) ?? { name: vertex.name, cached: false, completed: false, from: false };
      seen.from ||= /^\[.*\] FROM/.test(vertex.name);
      seen.cached ||= vertex.cached ?? false;
      seen.completed ||= vertex.completed !== undefined;
      this.#seen.set(vertex.digest, seen);
    }
  }

  /** Steps that missed the cache, then all counts as a line of JSON, as upstream prints them. */
  report(milliseconds: number): string {
    const all = [...this.#seen.values()];
    const user = all.filter((step) => !/^(\[internal\]|\[auth\]|importing cache|exporting )/.test(step.name));
    const missed = user.filter((step) => !step.cached && !step.from);
    const count = (steps: readonly Seen[], of: (step: Seen) => boolean) => steps.filter(of).length;
    const counts = {
      total: all.length,
      completed: count(all, (step) => step.completed),
      user_total: user.length,
      user_cached: count(user, (step) => step.cached),
      user_completed: count(user, (step) => step.completed),
      user_cacheable: count(user, (step) => !step.from),
      from: count(user, (step) => step.from),
      miss: missed.length,
      client_duration_ms: Math.round(milliseconds),
    };
    return `${missed.map((step) => `cache miss: ${step.name}\n`).join("")}${JSON.stringify(counts)}\n`;
  }
}
