import { join } from "node:path";
import { endByCookie, killByCookie } from "../processes/cookie-watchdog.ts";
import { startWatchdogProcess, type Watchdog } from "../processes/watchdog-process.ts";
import type { Runtime } from "./find.ts";
import { runtimeRootName } from "./sweep.ts";

/**
 * Waits for the end of its standard input, which comes when this process dies however it dies, and then ends its containers: until
 * no runtime is on its way to start one any more, which it can be for long on a machine that is busy, and at least twice, as one may just
 * have been spawned. After a minute it is killed. What a step has left in the
 * background has to go at once: a runtime waits for the end of its output.
 */
const script = `
busy() {
  for found in $(grep -lszxF -- "$1" /proc/[0-9]*/cmdline); do
    read -r name < "\${found%cmdline}comm" || continue
    case $name in sh | grep) ;; *) return 0 ;; esac
  done
  return 1
}
read -r _
pass=0
while [ $((pass += 1)) -le 2 ] || busy "$1"; do
  [ $pass = 1 ] || sleep 1
  for container in "$1"/*/; do
    [ -d "$container" ] || continue
    container=\${container%/}
    "$2" --root "$1" delete --force "\${container##*/}"
  done
${killByCookie("$4")}
  [ $pass -le 60 ] || kill -9 "$(basename "\${found%/cmdline}")"
done
${endByCookie("$4")}
rm -rf "$3"`;

/** Starts it. To be stopped when all containers have ended in good order. */
export function startWatchdog(runtime: Runtime, ownerFolder: string, cookies: string): Watchdog {
  return startWatchdogProcess(script, [join(ownerFolder, runtimeRootName), runtime.path, ownerFolder, cookies]);
}
