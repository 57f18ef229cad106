import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import type { Scope } from "../../kit/index.ts";
import { pipe } from "../../sys/index.ts";
import type { StepOutput } from "../contract.ts";
import { begun, type LaunchFailure } from "./order.ts";

export type LaunchOutcome =
  | { readonly kind: "exited"; readonly code: number }
  /** Nothing of the step has run. */
  | { readonly kind: "not-started"; readonly failure: LaunchFailure };

/** The process that becomes a step's, or a container's. */
export interface Launch {
  /** The launcher is no more: the program runs, or nothing will. */
  readonly entered: Promise<void>;
  /** How it ended; what it left running may still write. */
  readonly exited: Promise<LaunchOutcome>;
  /** Nothing happens when it has ended. */
  kill(signal: number): void;
}

export interface LaunchedStep extends Launch {
  /** All output has been handed on. Only when nothing of the step runs any more. */
  readonly drained: Promise<void>;
}

/** What the launcher is started by, to be somewhere else: a program and its arguments, or nothing. */
export type Via = readonly string[];

/** Starts the launcher on an order, in a session of its own. The end of the scope kills it. */
export function launchStep(orderFile: string, via: Via, output: StepOutput, scope: Scope): LaunchedStep {
  const [out, err] = [pipe(), pipe()];
  let launched: Launch;
  try {
    launched = launch(orderFile, via, ["ignore", out.write, err.write], scope);
  } finally {
    closeSync(out.write);
    closeSync(err.write);
  }
  const drained = Promise.all([
    reader(out.read, (chunk) => output(1, chunk)),
    reader(err.read, (chunk) => output(2, chunk)),
  ]);
  return { ...launched, drained: drained.then(() => {}) };
}

/** The same on standard files of the caller's. */
export function launch(orderFile: string, via: Via, files: readonly ("ignore" | number)[], scope: Scope): Launch {
  const script = fileURLToPath(new URL("./launch.ts", import.meta.url));
  const [program = "", ...args] = [...via, process.execPath, "--no-warnings", script, orderFile];
  const child = spawn(program, args, { stdio: [...files, "pipe"], detached: true, cwd: "/", env: {} });
  const channel = child.stdio[3] as Socket;
  // Its end of the channel closes when it becomes the step.
  const entered = new Promise<void>((resolve) => channel.once("close", () => resolve()));
  return { entered, exited: outcome(child, channel, entered, scope), kill: (signal) => void child.kill(signal) };
}

function reader(fd: number, output: (chunk: Uint8Array) => void): Promise<void> {
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.on("data", output);
  socket.on("error", () => {});
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

async function outcome(
  child: ChildProcess,
  channel: Socket,
  entered: Promise<void>,
  scope: Scope,
): Promise<LaunchOutcome> {
  const report: Buffer[] = [];
  channel.on("data", (chunk: Buffer) => report.push(chunk));
  const kill = () => child.kill("SIGKILL");
  if (scope.signal.aborted) kill();
  scope.signal.addEventListener("abort", kill, { once: true });
  try {
    const code = await new Promise<number | Error>((resolve) => {
      child.once("error", resolve);
      child.once("exit", (exit, signal) => resolve(exit ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
    if (code instanceof Error) return { kind: "not-started", failure: { message: code.message, stepsFault: false } };
    await entered;
    const text = Buffer.concat(report).toString();
    if (text === begun) return { kind: "exited", code };
    return { kind: "not-started", failure: failureOf(text, code) };
  } finally {
    scope.signal.removeEventListener("abort", kill);
  }
}

/** Without a word it was killed: by a filter that does so (SIGSYS) instead of refusing a call, perhaps. */
function failureOf(text: string, code: number): LaunchFailure {
  const failure = text.replace(begun, "");
  if (failure !== "") return JSON.parse(failure) as LaunchFailure;
  return { message: `the launcher ended with exit code ${code}`, stepsFault: false };
}
