import { readFileSync } from "node:fs";

/** Names a process for good: its id may be used again, with its start time (clock ticks since boot) it is unique until reboot. */
export function ownerName(pid: number | "self" = "self"): string | undefined {
  const stat = readProcStat(pid);
  return stat === undefined ? undefined : `${stat.pid}-${stat.startTime}`;
}

/** True while the process that `name` was made for runs. */
export function ownerLives(name: string): boolean {
  const pid = Number.parseInt(name, 10);
  return Number.isInteger(pid) && ownerName(pid) === name;
}

/** Parent of a process, or undefined when there is no such process. */
export function parentOf(pid: number): number | undefined {
  return readProcStat(pid)?.parent;
}

/** proc(5), /proc/PID/stat: the command's name is in parentheses and may hold anything, so fields are counted after the last one. */
function readProcStat(pid: number | "self"): { pid: number; parent: number; startTime: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { pid: Number.parseInt(text, 10), parent: Number(fields[1]), startTime: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}
