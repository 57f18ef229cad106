import { readdirSync } from "node:fs";
import { formatPlatform, hostPlatform, type Platform } from "../../oci/index.ts";

/** Platforms whose programs a machine runs besides its own. */
const alsoRuns: Readonly<Record<string, readonly string[]>> = { amd64: ["386"], arm64: ["arm"] };

/** Why a step for another platform may have failed here: nothing on this machine runs such programs. */
export function emulationHint(platform: Platform | undefined, exitCode: number): string | undefined {
  const host = hostPlatform();
  if (platform === undefined || platform.architecture === host.architecture || exitCode === 0) return undefined;
  if (alsoRuns[host.architecture]?.includes(platform.architecture) || hasEmulator(platform.architecture))
    return undefined;
  const name = formatPlatform(platform);
  return `the step is for ${name} and this machine cannot run such programs; on Debian: apt-get install qemu-user-static binfmt-support`;
}

/** The kernel's table of interpreters names QEMU's by architecture. */
function hasEmulator(architecture: string): boolean {
  const names: Readonly<Record<string, string>> = { amd64: "x86_64", arm64: "aarch64", "386": "i386" };
  try {
    return readdirSync("/proc/sys/fs/binfmt_misc").some((name) => name.includes(names[architecture] ?? architecture));
  } catch {
    return false;
  }
}
