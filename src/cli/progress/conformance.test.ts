/** Upstream's own status stream goes in, what upstream printed of the same build should come out. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SolveStatus } from "../../client/index.ts";
import { printFailures } from "./failures.ts";
import { longestPause, Pace } from "./pace.ts";
import { PlainPrinter } from "./plain.ts";
import { rawJsonLine } from "./rawjson.ts";
import { readStatus } from "./testing/status.ts";
import { Trace } from "./trace.ts";
import { TtyPrinter } from "./tty.ts";

const folder = join(import.meta.dirname, "../../../conformance/progress");
const read = (name: string, file: string) => readFileSync(join(folder, name, file), "utf8");
const cases = readdirSync(folder).filter((name) => !name.includes("."));

function streamOf(name: string): string[] {
  return read(name, "rawjson.txt")
    .split("\n")
    .filter((line) => line.startsWith("{"));
}

/** The moment at which an update can have been made: the last one it speaks of. */
function momentOf(status: SolveStatus, before: number): number {
  const moments = [
    ...(status.vertexes ?? []).flatMap((vertex) => [vertex.started, vertex.completed]),
    ...(status.statuses ?? []).map((task) => task.timestamp),
    ...(status.logs ?? []).map((log) => log.timestamp),
  ];
  return Math.max(before, ...moments.flatMap((moment) => (moment === undefined ? [] : [moment.getTime()])));
}

/** Replays the stream at the pace at which it happened. */
function plainOf(lines: readonly string[]): string {
  let printed = "";
  let now = 0;
  const trace = new Trace();
  const pace = new Pace();
  const write = (text: string) => {
    printed += text;
  };
  const printer = new PlainPrinter(trace, write);
  for (const line of lines) {
    const status = readStatus(line);
    const moment = momentOf(status, now);
    for (let quiet = now + longestPause; now > 0 && quiet < moment; quiet += longestPause) printer.print(quiet);
    now = moment;
    trace.update(status, now);
    if (pace.allows(now)) printer.print(now);
  }
  printer.print(now);
  printFailures(trace, write);
  return Buffer.from(printed, "latin1").toString("utf8");
}

/** Cases whose two captures are two different builds, and how. */
const differentRuns = new Map([
  ["cache-export-import", "only in the second run was there a cache to import"],
  ["copy-missing", "the step was cancelled in one run and failed in the other"],
  ["warnings", "upstream lost two of the four warnings in the raw stream"],
  ["multi-platform", "the base image was already there in the second run"],
]);

/**
 * Steps with what was said of them, by name. The two captures are two runs: times, digests and sizes that depend on
 * them, which step came first, and how often a running task was shown differ, so these are left out.
 */
function stepsOf(text: string): Record<string, string[]> {
  const names = new Map<string, string>();
  const steps: Record<string, Set<string>> = {};
  for (const line of text.split("\n------\n")[0]?.split("\n") ?? []) {
    const [, index = "", said = ""] = /^(#\d+) (.*)$/.exec(line) ?? [];
    if (said === "" || said === "...") continue;
    if (!names.has(index)) names.set(index, said);
    const name = names.get(index) ?? "";
    const lines = steps[name] ?? new Set();
    steps[name] = lines;
    const stable = said
      .replace(/^\d+\.\d+ /, "T ")
      .replace(/ \d+\.\d+s/g, "")
      .replace(/[0-9a-f]{64}/g, "DIGEST");
    if (!isRunningTask(said)) lines.add(stable);
  }
  return Object.fromEntries(Object.entries(steps).map(([name, lines]) => [name, [...lines].sort()]));
}

function isRunningTask(said: string): boolean {
  return (
    /^(sha256:|extracting|transferring|exporting|sending|writing|resolve|preparing|pushing|copying)/.test(said) &&
    !said.endsWith("done")
  );
}

const comparable = cases.filter((name) => !differentRuns.has(name));

test.each(comparable)("plain says of every step what upstream says: %s", (name) => {
  expect(stepsOf(plainOf(streamOf(name)))).toEqual(stepsOf(read(name, "plain.txt")));
});

/** Lines of the view that redraws, without times and what depends on the run. */
function linesOf(frame: string): string[] {
  const lines = frame
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the escape sequences
    .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "")
    .replace(/\r/g, "")
    .split("\n")
    .map((line) =>
      line
        .replace(/ +\d+\.\d+s$/, "")
        .replace(/sha256:[0-9a-f]*/g, "DIGEST")
        .trimEnd(),
    );
  return lines.filter((line) => line.startsWith(" =>")).sort();
}

function lastFrameOf(lines: readonly string[]): string {
  const trace = new Trace();
  let frame = "";
  const printer = new TtyPrinter(trace, (text) => (frame = Buffer.from(text, "latin1").toString("utf8")), {});
  for (const line of lines) trace.update(readStatus(line), 0);
  printer.print(0, { width: 100, height: 40 }, true);
  return frame;
}

test.each(comparable)("the last picture on a terminal has upstream's lines: %s", (name) => {
  expect(linesOf(lastFrameOf(streamOf(name)))).toEqual(linesOf(read(name, "tty-last.txt")));
});

test.each(cases)("rawjson: %s", (name) => {
  for (const line of streamOf(name)) {
    // A source's definition is not part of our status; times have milliseconds.
    const known = line.replace(/"definition":\{.*?\}\}\},"language"/g, '"language"');
    const whole = known.replace(/(\.\d{3})\d+Z/g, "$1Z").replace(/\.?0*Z"/g, 'Z"');
    expect(rawJsonLine(readStatus(line))).toBe(`${whole}\n`);
  }
});
