import { asBytes, type Write } from "./plain.ts";
import type { Trace } from "./trace.ts";

/** Shows each failed step again with its last output, as the end of what a view prints. Cancelled steps did not fail. */
export function printFailures(trace: Trace, write: Write): void {
  for (const vertex of trace.vertexes) {
    if (vertex.error === "" || vertex.cancelled) continue;
    // The plain view keeps the last lines; the one that redraws has shown none, so it keeps them all.
    const lines = [...vertex.lastLines, ...vertex.lines];
    write(`------\n > ${asBytes(vertex.name)}:\n${lines.map((line) => `${line}\n`).join("")}------\n`);
  }
}
