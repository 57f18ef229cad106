import { readFileSync, readlinkSync } from "node:fs";
import { bootId, processStartTime } from "../../sys/index.ts";

/**
 * Names this process for good, for all that share a folder with it: boot, pid namespace, id and start time. Only a process of the
 * same boot and namespace can tell whether it still lives.
 */
export function ownerName(): string {
  return `${ownerSpace()}-${process.pid}-${processStartTime(process.pid) ?? 0n}`;
}

/** Part of the names of all owners that this process can judge. */
function ownerSpace(): string {
  const namespace = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  return `${bootId().slice(0, 8)}-${namespace}`;
}

/** True when `name` is an owner's whose death this process can see, and it is dead. */
export function isDeadOwner(name: string): boolean {
  const space = ownerSpace();
  if (!name.startsWith(`${space}-`)) return false;
  const [pid, start] = name.slice(space.length + 1).split("-");
  return processStartTime(Number(pid))?.toString() !== start;
}

/** Parent of a process, or undefined when there is no such process. */
export function parentOf(pid: number): number | undefined {
  try {
    // The command's name is in parentheses and may hold anything, so fields are counted after the last one (proc(5)).
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
