import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as later } from "node:timers/promises";
import type { Scope } from "../../kit/index.ts";

/** When nobody says, in seconds. */
const graceSeconds = 10;

/** A command that runs on this machine itself. */
export interface HostJob {
  readonly command: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  output(stream: 1 | 2, chunk: Uint8Array): void;
}

/** Ends the group when this process is gone, however it went. */
const watchdog = 'read -r _; kill -KILL -- "-$1" 2>/dev/null';

/**
 * Runs a command with `/bin/sh -ec` in a process group of its own; the end of `scope` sends it SIGTERM, and SIGKILL after the grace period.
 * Resolves with the exit code, 128+n for a signal.
 */
export async function runHostJob(job: HostJob, scope: Scope): Promise<number> {
  const shell = (job.env.BUILDKITE_SHELL ?? "/bin/sh -ec").split(/\s+/);
  const child = spawn(shell[0] ?? "/bin/sh", [...shell.slice(1), job.command], {
    cwd: job.folder,
    env: { ...job.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const guard = guardOf(child);
  child.stdout.on("data", (chunk: Buffer) => job.output(1, chunk));
  child.stderr.on("data", (chunk: Buffer) => job.output(2, chunk));
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    // What it left in the background goes with it, and then its pipes close.
    child.once("exit", () => signalGroup(child, "SIGKILL"));
    child.once("close", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  const onAbort = () => void stop(child, ended);
  if (scope.signal.aborted) onAbort();
  else scope.signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await ended;
  } finally {
    scope.signal.removeEventListener("abort", onAbort);
    guard?.kill("SIGKILL");
  }
}

function guardOf(child: ChildProcess): ChildProcess | undefined {
  if (child.pid === undefined) return undefined;
  const guard = spawn("/bin/sh", ["-c", watchdog, "cooper-watchdog", String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.on("error", () => {});
  guard.stdin?.on("error", () => {});
  guard.unref();
  return guard;
}

async function stop(child: ChildProcess, ended: Promise<number>): Promise<void> {
  signalGroup(child, "SIGTERM");
  const waiting = new AbortController();
  const patience = later(graceSeconds * 1000, undefined, { signal: waiting.signal }).then(
    () => signalGroup(child, "SIGKILL"),
    () => {},
  );
  await ended.catch(() => {});
  waiting.abort();
  await patience;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // All of it has ended.
  }
}
