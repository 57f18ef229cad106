import { expect, test } from "vitest";
import type { SolveStatus } from "../../client/index.ts";
import { printFailures } from "./failures.ts";
import { PlainPrinter } from "./plain.ts";
import { Trace } from "./trace.ts";

const origin = Date.UTC(2026, 0, 1);
const at = (seconds: number) => new Date(origin + seconds * 1000);
const digest = (name: string) => `sha256:${name}` as const;

/** Replays updates, each at its second, printing after each. */
function replay(...updates: readonly (readonly [number, SolveStatus])[]): string {
  let printed = "";
  const write = (text: string) => {
    printed += text;
  };
  const trace = new Trace();
  const printer = new PlainPrinter(trace, write);
  for (const [second, status] of updates) {
    trace.update(status, at(second).getTime());
    printer.print(at(second).getTime());
  }
  printFailures(trace, write);
  return Buffer.from(printed, "latin1").toString("utf8");
}
const step = (name: string, started: number, more: { end?: number; error?: string; cached?: boolean } = {}) => ({
  vertexes: [
    {
      digest: digest(name),
      name,
      started: at(started),
      ...(more.end === undefined ? {} : { completed: at(more.end) }),
      ...(more.error === undefined ? {} : { error: more.error }),
      ...(more.cached === undefined ? {} : { cached: more.cached }),
    },
  ],
});
const log = (name: string, second: number, text: string | Uint8Array) => ({
  logs: [{ vertex: digest(name), stream: 1, data: Buffer.from(text), timestamp: at(second) }],
});

test("steps are numbered as they are first shown, an announced one is not", () => {
  const announced = { vertexes: [{ digest: digest("never"), name: "never" }] };
  expect(replay([0, announced], [0, step("a", 0, { end: 0.26 })], [1, step("b", 1, { end: 1, cached: true })])).toBe(
    "#1 a\n#1 DONE 0.3s\n\n#2 b\n#2 CACHED\n",
  );
});

test("output carries the seconds since the step began", () => {
  expect(
    replay(
      [0, step("a", 0)],
      [1, log("a", 0.2144, "one\ntwo\n")],
      [20, log("a", 12.345, "late\n")],
      [21, log("a", 123.45, "later\n")],
      [22, step("a", 0, { end: 130 })],
    ),
  ).toBe("#1 a\n#1 0.214 one\n#1 0.214 two\n#1 12.35 late\n#1 123.5 later\n#1 DONE 130.0s\n");
});

test("a line in pieces is printed as one line, bytes of a split character included", () => {
  const euro = Buffer.from("€");
  expect(
    replay(
      [0, step("a", 0)],
      [0.1, log("a", 0.1, Buffer.concat([Buffer.from("5 "), euro.subarray(0, 1)]))],
      [0.2, log("a", 0.2, Buffer.concat([euro.subarray(1), Buffer.from("!\n")]))],
      [0.3, step("a", 0, { end: 0.3 })],
    ),
  ).toBe("#1 a\n#1 0.100 5 €!\n#1 DONE 0.3s\n");
});

test("an unfinished last line is ended before the outcome", () => {
  expect(replay([0, step("a", 0)], [0.1, log("a", 0.1, "no end")], [0.2, step("a", 0, { end: 0.2 })])).toBe(
    "#1 a\n#1 0.100 no end\n#1 DONE 0.2s\n",
  );
});

test("a running step keeps the word for five seconds, then passes it to the louder one and says so", () => {
  const out = replay(
    [0, step("a", 0)],
    [0.1, log("a", 0.1, "a1\n")],
    [0.2, step("b", 0.2)],
    [1, log("b", 1, "b1\n")],
    [9, log("b", 9, "b2\nb3\nb4\n")],
    [11.5, log("b", 11.5, "b5\n")],
  );
  expect(out).toBe(
    "#1 a\n#1 0.100 a1\n#1 ...\n\n#2 b\n#2 0.800 b1\n#2 8.800 b2\n#2 8.800 b3\n#2 8.800 b4\n#2 11.30 b5\n",
  );
});

test("a finished step is printed at once, between two parts of another", () => {
  expect(
    replay(
      [0, step("a", 0)],
      [0.1, log("a", 0.1, "a1\n")],
      [0.2, step("b", 0.2, { end: 0.3 })],
      [0.4, log("a", 0.4, "a2\n")],
      [0.5, step("a", 0, { end: 0.5 })],
    ),
  ).toBe("#1 a\n#1 0.100 a1\n#1 ...\n\n#2 b\n#2 DONE 0.1s\n\n#1 a\n#1 0.400 a2\n#1 DONE 0.5s\n");
});

test("a task is shown when it has moved by a twentieth or for five seconds, and when it is done", () => {
  const task = (second: number, current: number, completed?: number) => ({
    statuses: [
      {
        id: "sha256:x",
        vertex: digest("a"),
        name: "x",
        total: 1_000_000,
        current,
        timestamp: at(second),
        started: at(0),
        ...(completed === undefined ? {} : { completed: at(completed) }),
      },
    ],
  });
  expect(
    replay(
      [0, step("a", 0)],
      [0, task(0, 0)],
      [1, task(1, 10_000)],
      [2, task(2, 60_000)],
      [8, task(8, 60_001)],
      [9, task(9, 1_000_000, 9)],
      [9, step("a", 0, { end: 9 })],
    ),
  ).toBe(
    [
      "#1 a",
      "#1 sha256:x 0B / 1.00MB",
      "#1 sha256:x 60.00kB / 1.00MB 2.0s",
      "#1 sha256:x 60.00kB / 1.00MB 8.0s",
      "#1 sha256:x 1.00MB / 1.00MB 9.0s done",
      "#1 DONE 9.0s",
      "",
    ].join("\n"),
  );
});

test("a failed step is shown again with its last ten lines, a cancelled one is not", () => {
  const lines = Array.from({ length: 12 }, (_, index) => `line ${index + 1}\n`).join("");
  const out = replay(
    [0, step("a", 0)],
    [0, step("b", 0)],
    [0.1, log("a", 0.1, lines)],
    [0.2, step("a", 0, { end: 0.2, error: "exit code: 3" })],
    [0.3, step("b", 0, { end: 0.3, error: "context canceled" })],
  );
  expect(out).toContain("#1 ERROR: exit code: 3\n");
  expect(out).toContain("#2 CANCELED\n");
  const again = out.slice(out.indexOf("------\n"));
  expect(again.split("\n").slice(0, 3)).toEqual(["------", " > a:", "0.100 line 3"]);
  expect(again.endsWith("0.100 line 12\n------\n")).toBe(true);
});

test("steps of a group are one step, cached when all are", () => {
  const member = (name: string, start: number, end: number, cached: boolean) => ({
    vertexes: [
      {
        digest: digest(name),
        name,
        started: at(start),
        completed: at(end),
        cached,
        progressGroup: { id: "g", name: "the group", weak: false },
      },
    ],
  });
  expect(replay([0.2, member("x", 0, 0.1, true)])).toBe("#1 the group\n#1 CACHED\n");
  expect(
    replay([0.5, { vertexes: [...member("x", 0, 0.1, true).vertexes, ...member("y", 0.2, 0.4, false).vertexes] }]),
  ).toBe("#1 the group\n#1 DONE 0.3s\n");
});
