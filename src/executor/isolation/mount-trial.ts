import { spawn } from "node:child_process";
import { constants } from "node:os";
import { findProgram, usualPath } from "../runtime/find.ts";

/** Namespaces as a runtime makes them, and a mount in them: on a folder that is there in any container, for /tmp may be missing or read-only. */
const script = 'd=/sys; [ -d "$d" ] || d=/tmp; mount -t tmpfs none "$d" && umount "$d"';

/** Why namespaces and mounts do not work here, or undefined. In a process of its own: a filter may kill who tries. */
export function mountTrouble(): Promise<string | undefined> {
  return troubleOf("unshare", ["-m", "-p", "-i", "-u", "-f", "sh", "-c", script]);
}

/** Runs a program, and says in one line why it failed: its last words, the signal that killed it, or that it is not installed. */
export function troubleOf(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const env = { ...process.env, PATH: usualPath() };
    const child = spawn(findProgram(program) ?? program, args, { stdio: ["ignore", "ignore", "pipe"], env });
    const said: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
    child.once("error", (error) => resolve(spawnTrouble(program, error)));
    child.once("close", (code, signal) => {
      resolve(code === 0 ? undefined : endTrouble(program, code, signal, Buffer.concat(said).toString()));
    });
  });
}

/** Why a program could not be started. */
export function spawnTrouble(program: string, error: NodeJS.ErrnoException): string {
  return error.code === "ENOENT" ? `the program ${program} is not installed` : `${program}: ${error.message}`;
}

/** How a program ended badly, in one line. */
export function endTrouble(program: string, code: number | null, signal: NodeJS.Signals | null, said: string): string {
  const by = signal ?? signalOf(code);
  if (by === "SIGSYS") return `${program}: killed by the seccomp filter (SIGSYS)`;
  const words = said.trim().split("\n").at(-1) ?? "";
  return words === "" ? `${program}: ended with ${by ?? `exit code ${code}`}` : words;
}

/** A shell's way to say that a signal ended a program. */
function signalOf(code: number | null): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0];
}
