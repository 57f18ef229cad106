import { CooperError, goQuote } from "../../../kit/index.ts";
import type { LinuxResources, NetworkMode, ResolveMode, Ulimit } from "../../../llb/index.ts";
import { normalizePlatform, type Platform, parsePlatform } from "../../../oci/index.ts";
import { parseGoInt } from "../convert/go-text.ts";
import { csvFields } from "../parse/csv.ts";
import { reworded } from "../parse/index.ts";
import { choice } from "../parse/messages.ts";
import { canonicalIp } from "./ip.ts";

/** Readers of single frontend options. All throw `dockerfile/bad-option` or another CooperError with upstream's sentence. */

export function readPlatforms(text: string | undefined): Platform[] {
  if (!text) return [];
  return text.split(",").map((item) => {
    try {
      return normalizePlatform(readPlatform(item));
    } catch (error) {
      throw reworded(error, (message) => `failed to parse target platform ${item}: ${message}`);
    }
  });
}

/** One platform; the error says what upstream's says. */
export function readPlatform(text: string): Platform {
  try {
    return parsePlatform(text);
  } catch (error) {
    throw reworded(error, (message) => `${message}: invalid argument`);
  }
}

export function readResolveMode(text: string | undefined): ResolveMode {
  if (!text) return "default";
  if (text === "default" || text === "pull" || text === "local") return text;
  throw bad(`invalid image-resolve-mode: ${text}`, choice(text, ["default", "pull", "local"]));
}

export function readNetworkMode(text: string | undefined): NetworkMode {
  if (!text) return "sandbox";
  if (text === "sandbox" || text === "host" || text === "none") return text;
  throw bad(`invalid netmode ${text}`, choice(text, ["sandbox", "host", "none"]));
}

export interface ExtraHost {
  readonly host: string;
  readonly ip: string;
}

export function readExtraHosts(text: string | undefined): ExtraHost[] {
  if (!text) return [];
  return prefix("failed to parse additional hosts", () =>
    csvFields(text).map((field) => {
      const lower = field.toLowerCase();
      const at = lower.indexOf("=");
      if (at < 0) throw bad(`invalid key-value pair ${field}`);
      const address = lower.slice(at + 1);
      const ip = canonicalIp(address);
      if (ip === undefined) throw bad(`failed to parse IP ${address}`);
      return { host: lower.slice(0, at), ip };
    }),
  );
}

export function readShmSize(text: string | undefined): number {
  return text ? prefix("failed to parse shm size", () => parseGoInt(text)) : 0;
}

const ulimitNames = new Set(
  "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(" "),
);

export function readUlimits(text: string | undefined): Ulimit[] {
  return text ? prefix("failed to parse ulimit", () => csvFields(text).map(readUlimit)) : [];
}

function readUlimit(field: string): Ulimit {
  const at = field.indexOf("=");
  if (at < 0) throw bad(`invalid ulimit argument: ${field}`);
  const name = field.slice(0, at);
  if (!ulimitNames.has(name)) throw bad(`invalid ulimit type: ${name}`, choice(name, [...ulimitNames]));
  const limits = field.slice(at + 1).split(":");
  if (limits.length > 2) {
    throw bad(`too many limit value arguments - ${field.slice(at + 1)}, can only have up to two, \`soft[:hard]\``);
  }
  const given = limits[1] === undefined ? undefined : parseGoInt(limits[1]);
  const soft = parseGoInt(limits[0] ?? "");
  const hard = given ?? soft;
  const unlimited = `ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: ${hard}`;
  if (hard !== -1 && soft === -1) throw bad(unlimited);
  if (hard !== -1 && soft > hard) {
    throw bad(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  }
  return { name, soft, hard };
}

/** Undefined when no limit was given. */
export function readLinuxResources(options: Readonly<Record<string, string>>): LinuxResources | undefined {
  return prefix("failed to parse resource limits", () => {
    const limits: LinuxResources = {
      memory: readLimit(options, "memory", false),
      memorySwap: readSwap(options),
      cpuShares: readLimit(options, "cpushares", true),
      cpuPeriod: readLimit(options, "cpuperiod", true),
      cpuQuota: readLimit(options, "cpuquota", false),
      cpusetCpus: readCpuSet(options, "cpusetcpus"),
      cpusetMems: readCpuSet(options, "cpusetmems"),
    };
    return Object.values(limits).every((limit) => limit === 0 || limit === "") ? undefined : limits;
  });
}

function readNumber(key: string, text: string, unsigned: boolean): number {
  return prefix(`invalid ${key} value: ${text}`, () => parseGoInt(text, unsigned));
}

function readLimit(options: Readonly<Record<string, string>>, key: string, unsigned: boolean): number {
  const text = options[key];
  if (!text) return 0;
  const value = readNumber(key, text, unsigned);
  if (value <= 0) throw bad(`invalid ${key} value: ${text}: must be > 0`);
  return value;
}

function readSwap(options: Readonly<Record<string, string>>): number {
  const text = options.memswap;
  if (!text) return 0;
  const value = readNumber("memswap", text, false);
  if (value < -1 || value === 0) throw bad(`invalid memswap value: ${text}: must be -1 (unlimited) or > 0`);
  return value;
}

function readCpuSet(options: Readonly<Record<string, string>>, key: string): string {
  const text = options[key] ?? "";
  for (const part of text.split(",").map((item) => item.trim())) {
    if (part !== "") prefix(`invalid ${key} value: ${text}`, () => checkCpuRange(part));
  }
  return text;
}

function checkCpuRange(part: string): void {
  const largest = 8192;
  const [low = "", high] = part.split(/-(.*)/s, 2).map((item) => item.trim());
  const isNumber = (text: string) => /^\+?[0-9]+$/.test(text);
  if (high === undefined) {
    if (!isNumber(low)) throw bad(`invalid cpuset element ${goQuote(part)}`);
    if (Number(low) > largest) throw bad(`cpuset element ${goQuote(part)} exceeds maximum ${largest}`);
    return;
  }
  if (!isNumber(low) || !isNumber(high) || Number(high) < Number(low)) {
    throw bad(`invalid cpuset range ${goQuote(part)}`);
  }
  if (Number(high) > largest) throw bad(`cpuset range ${goQuote(part)} exceeds maximum ${largest}`);
}

function prefix<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw reworded(error, (message) => `${what}: ${message}`);
  }
}

export function bad(message: string, more: { readonly hint?: string } = {}): CooperError {
  return new CooperError("dockerfile/bad-option", message, more);
}
