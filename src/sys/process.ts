import { readFileSync } from "node:fs";
import { errnoOf } from "../kit/index.ts";

/** Start time of a process in clock ticks since boot: with `pid` and `bootId` it names a process for good. Undefined when it is gone. */
export function processStartTime(pid: number): bigint | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the command in parentheses, and may hold blanks and parentheses itself (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return BigInt(fields[19] ?? "");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return undefined;
    throw error;
  }
}

/** Random name of the running kernel's boot; the same in every container, and always the same word where /proc/sys is masked. */
export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    return "00000000-unknown";
  }
}
