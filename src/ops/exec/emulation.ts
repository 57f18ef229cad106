import { accessSync, constants, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Step } from "../../executor/index.ts";
import { formatPlatform, hostPlatform, type Platform } from "../../oci/index.ts";

/** Platforms whose programs a machine runs besides its own. */
const alsoRuns: Readonly<Record<string, readonly string[]>> = { amd64: ["386"], arm64: ["arm"] };

/** QEMU's own names of architectures, where they differ. */
const qemuNames: Readonly<Record<string, string>> = {
  amd64: "x86_64",
  arm64: "aarch64",
  "386": "i386",
  mips64le: "mips64el",
};

/** Where the kernel lists who runs the programs that it cannot run itself. */
const interpreters = "/proc/sys/fs/binfmt_misc";

/** Where a step finds its emulator, as upstream has it. */
const emulatorTarget = "/dev/.buildkit_qemu_emulator";

/**
 * The step as this machine can run it. When neither the machine nor an emulator that the kernel knows runs such programs, upstream's
 * `buildkit-qemu-ARCH` does if it is in `path`: a QEMU that also runs what its program starts.
 */
export function emulated(step: Step, platform: Platform | undefined, path: string): Step {
  const emulator = isForeign(platform) ? findProgram(`buildkit-qemu-${qemuName(platform)}`, path) : undefined;
  if (emulator === undefined) return step;
  const mount = { kind: "bind", source: emulator, target: emulatorTarget, readonly: true } as const;
  return { ...step, args: [emulatorTarget, ...step.args], mounts: [...step.mounts, mount] };
}

/** How to make this machine run programs of another platform, when it cannot. */
export function emulationHint(platform: Platform | undefined, path: string): string | undefined {
  if (!isForeign(platform)) return undefined;
  const what = `the step is for ${formatPlatform(platform)} and this machine cannot run such programs`;
  const debians = `qemu-${qemuName(platform)}-static`;
  if (findProgram(debians, path) === undefined) {
    return `${what}; on Debian: apt-get install qemu-user-static binfmt-support`;
  }
  return `${what}: ${debians} is installed, but the kernel does not use it; on Debian: apt-get install binfmt-support && update-binfmts --enable`;
}

/** Whether neither this machine nor an emulator that the kernel is known to have runs programs of that platform. */
export function isForeign(platform: Platform | undefined): platform is Platform {
  if (platform === undefined) return false;
  const { architecture } = hostPlatform();
  if (platform.architecture === architecture || alsoRuns[architecture]?.includes(platform.architecture)) return false;
  return !isRegistered(qemuName(platform));
}

function qemuName({ architecture }: Platform): string {
  return qemuNames[architecture] ?? architecture;
}

/** The kernel's entries are named by whoever made them: `qemu-aarch64`. One may be there and switched off. */
function isRegistered(name: string): boolean {
  try {
    const entry = readdirSync(interpreters).find((file) => file === `qemu-${name}` || file.endsWith(`-${name}`));
    return entry !== undefined && readFileSync(join(interpreters, entry), "utf8").startsWith("enabled");
  } catch {
    return false;
  }
}

function findProgram(name: string, path: string): string | undefined {
  for (const folder of path.split(":").filter((word) => word.startsWith("/"))) {
    try {
      const program = realpathSync(join(folder, name));
      accessSync(program, constants.X_OK);
      return program;
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}
