import { readFileSync } from "node:fs";
import { processesOf } from "../processes/end-processes.ts";

/** How often memory is counted, in milliseconds. */
const interval = 200;

/** Watches a step's memory until `stop`, which tells whether something was killed. */
export interface MemoryWatch {
  stop(): boolean;
}

/**
 * Does what the kernel does for a control group, where there can be none: when the processes with that cookie have more memory of their own than the
 * limit, the largest one is killed. What is taken between two looks is not seen: a limit with a delay.
 */
export function watchMemory(cookie: string, limitBytes: number): MemoryWatch {
  let killed = false;
  const timer = setInterval(() => {
    const sizes = processesOf(cookie).map((pid) => ({ pid, bytes: ownMemory(pid) }));
    const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= limitBytes) return;
    const largest = sizes.reduce((one, other) => (other.bytes > one.bytes ? other : one));
    killed = tryKill(largest.pid) || killed;
  }, interval);
  return {
    stop: () => {
      clearInterval(timer);
      return killed;
    },
  };
}

/** What no other process shares: anonymous memory and shared memory segments, in bytes. */
function ownMemory(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
    return (field("RssAnon") + field("RssShmem")) * 1024;
  } catch {
    return 0;
  }
}

function tryKill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}
