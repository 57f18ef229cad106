import { join } from "node:path";
import { endByCookie } from "../processes/cookie-watchdog.ts";
import { startWatchdogProcess, type Watchdog } from "../processes/watchdog-process.ts";
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

/** Starts it. To be stopped when all containers have ended in good order. */
export function startWatchdog(runtime: Runtime, ownerFolder: string, cookies: string): Watchdog {
  return startWatchdogProcess(script, [join(ownerFolder, runtimeRootName), runtime.path, ownerFolder, cookies]);
}
