import { closeSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import type { SolveStatus } from "../../client/index.ts";
import { CooperError, errnoOf, messageOf } from "../../kit/index.ts";
import type { Io } from "../io.ts";
import { rawJsonLine } from "../progress/rawjson.ts";
import { openView, type ProgressView } from "../progress/view.ts";
import { CacheMetrics } from "./cache-metrics.ts";
import type { BuildPlan } from "./plan.ts";

/** All that a build tells while it runs: the view, the trace file, the cache metrics, warnings. */
export interface Display {
  readonly warn: (sentence: string) => void;
  readonly log: (message: string) => void;
  readonly update: (status: SolveStatus) => void;
  /** Opens what the plan asks for. */
  start(plan: BuildPlan): void;
  /** Prints what is left; may be called twice. */
  close(): void;
}

interface Listener {
  readonly update: (status: SolveStatus) => unknown;
  readonly close: () => void;
}

/** Warnings come out at once, but not into the middle of a picture: while a view is open they wait for its end. */
export function openDisplay(io: Io): Display {
  const waiting: string[] = [];
  const listeners: Listener[] = [];
  let view: ProgressView | undefined;
  const say = (line: string) => {
    if (view === undefined || io.view.size === undefined) io.stderr(line);
    else waiting.push(line);
  };
  return {
    warn: (sentence) => say(`WARNING: ${sentence}\n`),
    log: (message) => say(`time="${new Date().toISOString()}" level=debug msg=${JSON.stringify(message)}\n`),
    update(status) {
      view?.update(status);
      for (const listener of listeners) listener.update(status);
    },
    start(plan) {
      if (plan.trace !== "") listeners.push(traceFile(plan.trace, io.around.cwd));
      const warnings: string[] = [];
      const opened = openView(plan.progress, io.view, io.around.env, (sentence) => warnings.push(sentence));
      if (plan.cacheMetrics !== "") listeners.push(cacheMetrics(plan.cacheMetrics, io));
      for (const sentence of warnings) say(`WARNING: ${sentence}\n`);
      // Whoever reads the raw stream reads nothing but JSON.
      if (plan.progress !== "rawjson") for (const note of plan.notes) say(`note: ${note}\n`);
      view = opened;
    },
    close() {
      view?.close();
      view = undefined;
      for (const line of waiting.splice(0)) io.stderr(line);
      for (const listener of listeners.splice(0)) listener.close();
    },
  };
}

/** `--trace`: every update as a line of JSON, added to the file. */
function traceFile(path: string, cwd: string): Listener {
  const file = open(resolve(cwd, path), path, "a");
  return { update: (status) => writeSync(file, rawJsonLine(status)), close: () => closeSync(file) };
}

/** `--debug-json-cache-metrics`: the counts at the end, to `stdout`, `stderr` or a file. */
function cacheMetrics(path: string, io: Io): Listener {
  const started = Date.now();
  const metrics = new CacheMetrics();
  const file = path === "stdout" || path === "stderr" ? undefined : open(resolve(io.around.cwd, path), path, "w");
  return {
    update: (status) => metrics.update(status),
    close() {
      const report = metrics.report(Date.now() - started);
      if (file === undefined) return path === "stdout" ? io.stdout(report) : io.stderr(report);
      writeSync(file, report);
      closeSync(file);
    },
  };
}

function open(path: string, shown: string, flags: string): number {
  try {
    return openSync(path, flags, 0o600);
  } catch (cause) {
    const reason = errnoOf(cause) === "ENOENT" ? "no such file or directory" : messageOf(cause);
    throw new CooperError("cli/bad-value", `open ${shown}: ${reason}`, { cause });
  }
}
