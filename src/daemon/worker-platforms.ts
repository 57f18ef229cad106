import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hostPlatform, type Platform } from "../oci/index.ts";

/** What flags of the processor make which variant of amd64 (x86-64 psABI). */
const variants: readonly (readonly [string, readonly string[]])[] = [
  ["v2", ["cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"]],
  ["v3", ["abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"]],
  ["v4", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]],
];

/** Architectures by the names that QEMU's emulators are registered under, in upstream's order. */
const emulated: readonly (readonly [string, string, string?])[] = [
  ["x86_64", "amd64"],
  ["aarch64", "arm64"],
  ["riscv64", "riscv64"],
  ["ppc64", "ppc64"],
  ["ppc64le", "ppc64le"],
  ["s390x", "s390x"],
  ["i386", "386"],
  ["mips64el", "mips64le"],
  ["mips64", "mips64"],
  ["loongarch64", "loong64"],
  ["arm", "arm", "v7"],
  ["arm", "arm", "v6"],
];

/** Where the kernel tells of itself; tests have another one. */
export interface ProcFolder {
  readonly path: string;
}

/** What this machine can run: the platform it is, older instruction sets, and what an emulator is registered for. */
export function workerPlatforms(host: Platform = hostPlatform(), proc: ProcFolder = { path: "/proc" }): Platform[] {
  const found = [host, ...relatives(host, proc)];
  for (const [qemu, architecture, variant] of emulated) {
    if (!isEmulated(qemu, proc)) continue;
    const platform = { os: "linux", architecture, ...(variant !== undefined && { variant }) };
    const same = (one: Platform) => one.architecture === architecture && one.variant === variant;
    if (!found.some(same)) found.push(platform);
  }
  return found;
}

function relatives({ architecture }: Platform, proc: ProcFolder): Platform[] {
  const linux = (name: string, variant?: string): Platform => {
    return { os: "linux", architecture: name, ...(variant !== undefined && { variant }) };
  };
  if (architecture !== "amd64") return [];
  const flags = new Set(/^flags\s*:(.*)$/m.exec(read(join(proc.path, "cpuinfo")))?.[1]?.split(" ") ?? []);
  const newer: Platform[] = [];
  for (const [variant, needed] of variants) {
    if (!needed.every((flag) => flags.has(flag))) break;
    newer.push(linux("amd64", variant));
  }
  // The kernel says so when it runs programs of 32 bits.
  return existsSync(join(proc.path, "sys/abi/vsyscall32")) ? [...newer, linux("386")] : newer;
}

function isEmulated(qemu: string, proc: ProcFolder): boolean {
  const folder = join(proc.path, "sys/fs/binfmt_misc");
  try {
    const name = readdirSync(folder).find((entry) => entry === `qemu-${qemu}`);
    if (name === undefined) return false;
    const text = readFileSync(join(folder, name), "utf8");
    const interpreter = /^interpreter (.*)$/m.exec(text)?.[1] ?? "";
    // With F the kernel holds the interpreter open: it need not be visible here.
    return text.startsWith("enabled") && (/^flags:.*F/m.test(text) || existsSync(interpreter));
  } catch {
    return false;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
