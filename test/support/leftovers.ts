import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bundleVariable } from "./bundle-variable.ts";

const root = resolve(import.meta.dirname, "../..");

/** What ends by itself after a test (a watchdog, a killed server) has this long to do so, in milliseconds. */
const patience = 60_000;

/**
 * Vitest's global set-up: gives a test run a folder of its own for temporary files, by which its mounts and processes are known too, and
 * fails the run when something of them is left in the end. Other runs on the machine do not disturb it.
 */
export default function setup(): () => Promise<void> {
  const before = process.env.TMPDIR;
  // Short: paths of sockets have 108 bytes at most.
  const folder = mkdtempSync(join(tmpdir(), "ct-"));
  chmodSync(folder, 0o1777);
  process.env.TMPDIR = folder;
  process.env[bundleVariable] = join(root, `.dist-test-${basename(folder)}`);
  return async () => {
    rmSync(process.env[bundleVariable] ?? "", { recursive: true, force: true });
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    const left = await whatStays(folder);
    cleanUp(folder, left);
    const lines = Object.entries(left).flatMap(([kind, list]) => list.map((one) => `${kind}: ${one.text}`));
    if (lines.length > 0) throw new Error(`the tests left behind\n${lines.join("\n")}`);
  };
}

interface Leftover {
  readonly text: string;
  /** What names it to the system: a process id, a mount point, a file. */
  readonly handle: string;
}
type Leftovers = {
  readonly processes: readonly Leftover[];
  readonly mounts: readonly Leftover[];
  readonly files: readonly Leftover[];
};

async function whatStays(folder: string): Promise<Leftovers> {
  for (const end = Date.now() + patience; ; await pause(100)) {
    const left = leftoversOf(folder);
    if (left.processes.length + left.mounts.length + left.files.length === 0 || Date.now() > end) return left;
  }
}

/** All that refers to the folder: processes by their environment or arguments, mounts, and what is in it. */
export function leftoversOf(folder: string): Leftovers {
  return { processes: processesOf(folder), mounts: mountsOf(folder), files: filesOf(folder) };
}

function processesOf(folder: string): Leftover[] {
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return ids.flatMap((pid) => {
    const words = readIfThere(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
    const environment = readIfThere(`/proc/${pid}/environ`).split("\0");
    const ours = words.includes(folder) || environment.includes(`TMPDIR=${folder}`);
    // Children of this process are vitest's own: tests run in one of those, not here. A process without words has ended.
    return ours && words !== "" && parentOf(pid) !== process.pid ? [{ text: `${pid} ${words}`, handle: pid }] : [];
  });
}

function parentOf(pid: string): number {
  return Number(/^PPid:\s*(\d+)/m.exec(readIfThere(`/proc/${pid}/status`))?.[1]);
}

function mountsOf(folder: string): Leftover[] {
  const lines = readIfThere("/proc/self/mountinfo").split("\n");
  return lines.flatMap((line) => {
    const point = line.split(" ")[4] ?? "";
    return point.startsWith(`${folder}/`) ? [{ text: point, handle: point }] : [];
  });
}

function filesOf(folder: string): Leftover[] {
  return readdirSync(folder).map((name) => ({ text: name, handle: join(folder, name) }));
}

/** The next run shall not find what this one left. */
function cleanUp(folder: string, { processes, mounts }: Leftovers): void {
  for (const { handle } of processes) {
    try {
      process.kill(Number(handle), "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
  for (const { handle } of mounts.toReversed()) execFileSync("umount", ["-l", handle]);
  rmSync(folder, { recursive: true, force: true });
}

function readIfThere(path: string): string {
  try {
    // As bytes: reading a large mountinfo directly as text has been seen to corrupt Node's memory (v26.10).
    return readFileSync(path).toString();
  } catch {
    return "";
  }
}
