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

test("a vertex that ends takes what it has begun with it: clients say why it failed only then", () => {
  const sent: SolveStatus[] = [];
  const status = new JobStatus((update) => sent.push(update), new AbortController().signal);
  status.announce([{ digest: "sha256:a", name: "a" }]);
  status.start("sha256:a", at(1));
  status.op("sha256:a", { type: "status", id: "done", current: 0, started: 1000, completed: 2000 });
  status.op("sha256:a", { type: "status", id: "pushing layers", current: 5, total: 9, started: 2000 });
  status.op("sha256:b", { type: "status", id: "of another one", current: 0, started: 2000 });
  status.complete("sha256:a", at(3), false, new Error("no"));
  expect(sent.at(-1)).toEqual({
    vertexes: [{ digest: "sha256:a", name: "a", started: at(1), completed: at(3), error: "no" }],
    statuses: [
      {
        ...{ id: "pushing layers", vertex: "sha256:a", name: "", current: 5, total: 9 },
        ...{ timestamp: at(3), started: at(2), completed: at(3) },
      },
    ],
  });
});
