import { expect, test } from "vitest";
import type { SolveStatus } from "./contract.ts";
import { JobStatus } from "./job-status.ts";

const at = (second: number) => new Date(second * 1000);

test("a vertex that runs twice at once has one start and one end", () => {
  const sent: SolveStatus[] = [];
  const status = new JobStatus((update) => sent.push(update), new AbortController().signal);
  status.announce([{ digest: "sha256:a", name: "a" }]);
  sent.length = 0;
  status.start("sha256:a", at(1));
  status.start("sha256:a", at(2));
  status.complete("sha256:a", at(3), true);
  status.complete("sha256:a", at(4));
  status.start("sha256:a", at(5));
  status.complete("sha256:a", at(6), false, new Error("no"));
  expect(sent.map((update) => update.vertexes?.[0])).toEqual([
    { digest: "sha256:a", name: "a", started: at(1) },
    { digest: "sha256:a", name: "a", started: at(1), completed: at(4) },
    { digest: "sha256:a", name: "a", started: at(5) },
    { digest: "sha256:a", name: "a", started: at(5), completed: at(6), error: "no" },
  ]);
});
