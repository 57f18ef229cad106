import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { startWatchdogProcess, type Watchdog } from "../processes/watchdog-process.ts";
import { isDeadOwner } from "../runtime/owner.ts";
import { namespaceFile, releaseScript } from "./step-network.ts";

/**
 * Waits for the end of its standard input, which comes when the builder dies however it dies, and then gives back what its networks hold. Twice, as a
 * plugin may have been at work, and a moment later, as steps are just being ended.
 */
const script = `
read -r _
PATH="$PATH:/usr/sbin:/sbin:/usr/bin:/bin"
for pass in 1 2; do
  sleep 1
  for network in "$1"/*/; do
    [ -f "\${network}${releaseScript}" ] && sh "\${network}${releaseScript}"
  done
done
for network in "$1"/*/; do
  umount -l "\${network}${namespaceFile}"
done
rm -rf "$1"`;

/** Gives back what the networks below `ownerFolder` hold once this process is gone, however it goes. */
export function startNetworkWatchdog(ownerFolder: string): Watchdog {
  return startWatchdogProcess(script, [ownerFolder]);
}

/** The same for builders that died together with their watchdogs. Never rejects. */
export async function sweepNetworks(folder: string): Promise<void> {
  for (const name of deadOwners(folder)) {
    await new Promise<void>((resolve) => {
      const child = spawn("/bin/sh", ["-c", script, "cooper-networks", join(folder, name)], { stdio: "ignore" });
      child.once("error", () => resolve());
      child.once("close", () => resolve());
    });
  }
}

function deadOwners(folder: string): string[] {
  try {
    return readdirSync(folder).filter(isDeadOwner);
  } catch {
    return [];
  }
}
