import { startWatchdogProcess, type Watchdog } from "./watchdog-process.ts";

/**
 * Waits for the end of its standard input, which comes when the builder dies however it dies, and then kills all processes whose cookie
 * begins with the owner's, until none is left.
 */
const script = `
read -r _
${endByCookie("$1")}
rm -rf "$2"`;

/** Shell lines that kill all processes of an owner, who is named by a shell expression, until there are no more. */
export function endByCookie(owner: string): string {
  return `
for pass in 1 2 3 4 5 6 7 8 9 10; do
${killByCookie(owner)}
  [ -n "$marked" ] || [ $pass -lt 3 ] || break
  sleep 0.2 2>/dev/null || sleep 1
done`;
}

/** The same for those that are there now. */
export function killByCookie(owner: string): string {
  return `
  marked=$(grep -ls "^Max file locks  *${owner}[0-9][0-9][0-9][0-9][0-9][0-9] " /proc/[0-9]*/limits)
  for limits in $marked; do
    pid=\${limits#/proc/}
    kill -9 "\${pid%/limits}" 2>/dev/null
  done`;
}

/** Starts it. To be stopped when all steps have ended in good order. */
export function startCookieWatchdog(owner: string, ownerFolder: string): Watchdog {
  return startWatchdogProcess(script, [owner, ownerFolder]);
}
