import { spawn } from "node:child_process";

/**
 * Waits for the end of its standard input, which comes when the builder dies however it dies, and then kills all processes whose cookie
 * begins with the owner's, until none is left.
 */
const script = `
read -r _
${endByCookie("$1")}
rm -rf "$2"`;

/** Shell lines that kill all processes of an owner, who is named by a shell expression. */
export function endByCookie(owner: string): string {
  return `
for pass in 1 2 3 4 5 6 7 8 9 10; do
  found=$(grep -ls "^Max file locks  *${owner}[0-9][0-9][0-9][0-9][0-9][0-9] " /proc/[0-9]*/limits)
  [ -n "$found" ] || [ $pass -lt 3 ] || break
  for limits in $found; do
    pid=\${limits#/proc/}
    kill -9 "\${pid%/limits}" 2>/dev/null
  done
  sleep 0.2 2>/dev/null || sleep 1
done`;
}

/** Starts it: a shell that sleeps until this process is gone. `stop` when all steps have ended in good order. */
export function startCookieWatchdog(owner: string, ownerFolder: string): { stop: () => void } {
  const args = ["-c", script, "cooper-watchdog", owner, ownerFolder];
  const child = spawn("/bin/sh", args, { stdio: ["pipe", "ignore", "ignore"], detached: true });
  child.once("error", () => {});
  child.stdin?.once("error", () => {});
  child.unref();
  // The pipe is a socket handle of this process's loop; it must not keep the process alive.
  if (child.stdin !== null && "unref" in child.stdin && typeof child.stdin.unref === "function") child.stdin.unref();
  return { stop: () => child.kill("SIGKILL") };
}
