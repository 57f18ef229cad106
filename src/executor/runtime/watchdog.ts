import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { endByCookie } from "../processes/cookie-watchdog.ts";
import type { Runtime } from "./find.ts";
import { runtimeRootName } from "./sweep.ts";

/**
 * Waits for the end of its standard input, which comes when this process dies however it dies, and then ends its containers.
 * Twice, as a runtime may have been on its way to start one.
 */
const script = `
read -r _
for pass in 1 2; do
  for container in "$1"/*/; do
    [ -d "$container" ] || continue
    container=\${container%/}
    "$2" --root "$1" delete --force "\${container##*/}"
  done
  [ $pass = 2 ] || sleep 1
done
${endByCookie("$4")}
rm -rf "$3"`;

/** Starts it: a shell that sleeps until this process is gone. `stop` when all containers have ended in good order. */
export function startWatchdog(runtime: Runtime, ownerFolder: string, cookies: string): { stop: () => void } {
  const args = [
    "-c",
    script,
    "cooper-watchdog",
    join(ownerFolder, runtimeRootName),
    runtime.path,
    ownerFolder,
    cookies,
  ];
  const child: ChildProcess = spawn("/bin/sh", args, { stdio: ["pipe", "ignore", "ignore"], detached: true });
  child.once("error", () => {});
  child.stdin?.once("error", () => {});
  child.unref();
  // The pipe is a socket handle of this process's loop; it must not keep the process alive.
  if (child.stdin !== null && "unref" in child.stdin && typeof child.stdin.unref === "function") child.stdin.unref();
  return { stop: () => child.kill("SIGKILL") };
}
