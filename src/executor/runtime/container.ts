import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { errnoOf, type Scope } from "../../kit/index.ts";
import type { StepOutput } from "../contract.ts";
import { oomKills } from "../limits/oom-kills.ts";
import { endProcesses, endWithFirst } from "../processes/end-processes.ts";
import type { Runtime } from "./find.ts";
import { type OutputPipes, outputPipes } from "./output-pipes.ts";
import { parentOf } from "./owner.ts";
import { lastLoggedError } from "./start-failure.ts";

/** A container's own folder, with its config.json, and the folder where the runtime keeps its state. */
export interface Bundle {
  readonly id: string;
  readonly folder: string;
  readonly runtimeRoot: string;
  /** Marks the container's processes, where no pid namespace holds them: they end when the first one does. */
  readonly cookie?: string;
  /** Keep its control groups until they have been read: it has a limit of memory. */
  readonly countsOomKills?: boolean;
}

export type ContainerOutcome =
  | { readonly kind: "exited"; readonly code: number; readonly oomKills: number }
  /** Nothing of the step has run. */
  | { readonly kind: "not-started"; readonly message: string };

/** How often a container that is still being made is looked at while it is to be killed, in milliseconds. */
const killInterval = 5;
/** After so many looks (5 s) the runtime itself is killed. */
const killAttempts = 1000;

/** Written by the runtime once the step's process has begun. */
export function startedFile(bundle: Bundle): string {
  return join(bundle.folder, "pid");
}

/**
 * Runs the container to its end and tells how it ended. When the scope ends, everything in it is killed first; nothing of it is
 * left when this resolves.
 */
export async function runContainer(
  runtime: Runtime,
  bundle: Bundle,
  output: StepOutput,
  scope: Scope,
): Promise<ContainerOutcome> {
  const log = join(bundle.folder, "log.json");
  const pipes = outputPipes(runtime);
  const child = startRuntime(runtime, bundle, log, pipes);
  const closed = waitForClose(child, pipes, output);
  const stopKilling = killWhenAborted(child, runtime, bundle, scope);
  const stopEnding =
    bundle.cookie === undefined ? () => {} : endWithFirst(startedFile(bundle), bundle.cookie, child.pid);
  try {
    const code = await closed;
    if (bundle.cookie !== undefined) await endProcesses(bundle.cookie);
    const kills = bundle.countsOomKills === true ? oomKills(bundle.runtimeRoot, bundle.id) : 0;
    if (existsSync(join(bundle.runtimeRoot, bundle.id))) await deleteContainer(runtime, bundle.runtimeRoot, bundle.id);
    // Whatever it says: what has not begun has not succeeded.
    if (!existsSync(startedFile(bundle))) {
      const message = lastLoggedError(readIfThere(log)) ?? `${runtime.name} ended with exit code ${code}`;
      return { kind: "not-started", message };
    }
    return { kind: "exited", code, oomKills: kills };
  } finally {
    stopKilling();
    stopEnding();
  }
}

/** A session of its own keeps the terminal's Ctrl-C away from the runtime: stopping is this process's decision. */
function startRuntime(runtime: Runtime, bundle: Bundle, log: string, pipes: OutputPipes): ChildProcess {
  const global = [...(runtime.flags ?? []), "--root", bundle.runtimeRoot, "--log", log, "--log-format", "json"];
  // crun cannot keep a container: there a kill is known by the exit code alone.
  const keep = bundle.countsOomKills === true && runtime.name.endsWith("runc") ? ["--keep"] : [];
  const run = [
    "run",
    ...(runtime.runFlags ?? []),
    ...keep,
    "--bundle",
    bundle.folder,
    "--pid-file",
    startedFile(bundle),
    bundle.id,
  ];
  try {
    return spawn(runtime.path, [...global, ...run], {
      stdio: ["ignore", ...pipes.targets],
      detached: true,
      env: { PATH: process.env.PATH ?? "" },
    });
  } finally {
    pipes.closeTargets();
  }
}

/** The runtime's exit code, once it has ended and all output has been handed on. */
async function waitForClose(child: ChildProcess, pipes: OutputPipes, output: StepOutput): Promise<number> {
  const streams = pipes.readers ?? [child.stdout, child.stderr];
  for (const [index, stream] of streams.entries()) {
    stream?.on("data", (chunk: Buffer) => output(index === 0 ? 1 : 2, chunk));
  }
  const readersEnd = (pipes.readers ?? []).map((reader) => new Promise((resolve) => reader.once("close", resolve)));
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exit, signal) => resolve(exit ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  await Promise.all(readersEnd);
  return code;
}

function killWhenAborted(child: ChildProcess, runtime: Runtime, bundle: Bundle, scope: Scope): () => void {
  let timer: NodeJS.Timeout | undefined;
  let attempts = 0;
  const kill = () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const pid = containerPid(child, bundle);
    if (pid !== undefined) killNow(pid);
    else if (attempts++ >= killAttempts) child.kill("SIGKILL");
    timer = setTimeout(kill, killInterval);
  };
  const onAbort = () => {
    scope.log(`killing container ${bundle.id} of ${runtime.name}`);
    kill();
  };
  if (scope.signal.aborted) onAbort();
  else scope.signal.addEventListener("abort", onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    scope.signal.removeEventListener("abort", onAbort);
  };
}

function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It was there a moment ago, and its runtime has just asked for its end.
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

/**
 * The container's first process, whose death ends its whole pid namespace. Only a child of the runtime counts, so that an id
 * that was used again is never hit.
 */
function containerPid(child: ChildProcess, bundle: Bundle): number | undefined {
  const pid = Number.parseInt(readIfThere(startedFile(bundle)), 10);
  return Number.isInteger(pid) && parentOf(pid) === child.pid ? pid : undefined;
}

/** Kills and removes what the runtime still knows of a container: processes, cgroups, state. Never rejects. */
export function deleteContainer(runtime: Runtime, runtimeRoot: string, id: string): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(runtime.path, [...(runtime.flags ?? []), "--root", runtimeRoot, "delete", "--force", id], {
      stdio: "ignore",
    });
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
