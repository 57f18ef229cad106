import { readdirSync, readFileSync } from "node:fs";
import { sleep } from "../../kit/index.ts";

/** How long processes may take to end after SIGKILL, in milliseconds, before they are left alone (one that waits for a dead disk). */
const patience = 10_000;
const interval = 5;

/** Kills every process that has the cookie, and those that it forks meanwhile, until none is left. */
export async function endProcesses(cookie: string): Promise<void> {
  await endAll(cookie);
}

/** The same for all cookies of an owner. Nothing happens when `owner` is none. */
export async function endOwnersProcesses(owner: string): Promise<void> {
  if (/^\d{10}$/.test(owner)) await endAll(`${owner}\\d{6}`);
}

async function endAll(pattern: string, spared?: number): Promise<void> {
  for (const end = Date.now() + patience; ; await sleep(interval)) {
    const left = processesOf(pattern).filter((pid) => pid !== spared);
    if (left.length === 0 || Date.now() > end) return;
    for (const pid of left) kill(pid);
  }
}

/** Ids of the live processes with that cookie, or one that the pattern matches. */
export function processesOf(cookie: string): number[] {
  const line = new RegExp(`^Max file locks\\s+${cookie}\\s`, "m");
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name) || !line.test(read(`/proc/${name}/limits`))) return [];
    return isAlive(name) ? [Number(name)] : [];
  });
}

/** A process that has ended, but that nobody has asked for yet, is no longer there. */
function isAlive(pid: string): boolean {
  const stat = read(`/proc/${pid}/stat`);
  const state = stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  return state !== "" && state !== "Z" && state !== "X";
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended, or it is not ours to end.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** How often the first process is looked for, in milliseconds. */
const watchInterval = 50;

/**
 * Ends the processes with that cookie as soon as the first one, whose id is in the file once it has begun, is gone. Call the returned function to
 * stop waiting. `runtime` is spared: crun takes on its container's limits itself, and has yet to tell how that ended.
 */
export function endWithFirst(pidFile: string, cookie: string, runtime: number | undefined): () => void {
  let first: string | undefined;
  const timer = setInterval(() => {
    first ??= /^\d+/.exec(read(pidFile))?.[0];
    if (first === undefined || isAlive(first)) return;
    clearInterval(timer);
    endAll(cookie, runtime).catch(() => {});
  }, watchInterval);
  return () => clearInterval(timer);
}
