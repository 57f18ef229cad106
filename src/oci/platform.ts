import { readFileSync } from "node:fs";
import { CooperError } from "../kit/index.ts";
import type { JsonObject } from "./json.ts";

/** OCI image spec, "platform" of a descriptor and of a config, in containerd's normal form (`amd64`, `arm64` without `v8`, …). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
}

const knownSystems = new Set(
  "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos".split(
    " ",
  ),
);
const knownArchitectures = new Set(
  "386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc riscv riscv64 s390 s390x sparc sparc64 wasm".split(
    " ",
  ),
);
const component = /^[A-Za-z0-9_.-]+$/;
const system = /^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%-]*)((?:\+[A-Za-z0-9_.%-]+)*)\))?$/;

/**
 * Parses `os`, `arch`, `os/arch` or `os/arch/variant` as containerd/platforms; what is missing is the host's.
 * Throws `oci/bad-platform`.
 */
export function parsePlatform(specifier: string): Platform {
  const quoted = JSON.stringify(specifier);
  if (specifier.includes("*")) throw badPlatform(`${quoted}: wildcards not yet supported`);
  const parts = specifier.split("/");
  if (parts.length > 3) throw badPlatform(`${quoted}: cannot parse platform specifier`);
  const os = parseSystem(parts[0] as string, quoted);
  for (const part of parts.slice(1)) {
    if (component.test(part)) continue;
    const wanted = `platform specifier component must match ${JSON.stringify(component.source)}`;
    throw badPlatform(`${JSON.stringify(part)} is an invalid component of ${quoted}: ${wanted}`);
  }
  if (parts.length === 1) return parseSingle(os, specifier);
  const [architecture, variant] = normalArchitecture(parts[1] as string, parts[2] ?? "");
  return platformOf(os, architecture, defaultVariant(architecture, variant, parts.length));
}

/** Only `arm64` with a written `v8` keeps it, only a written `arm/v7` keeps that: upstream's quirks, visible in its output. */
function defaultVariant(architecture: string, variant: string, parts: number): string {
  if (parts === 3) return architecture === "arm64" && variant === "" ? "v8" : variant;
  return architecture === "arm" && variant === "v7" ? "" : variant;
}

function parseSingle(os: SystemPart, specifier: string): Platform {
  const host = hostPlatform();
  if (knownSystems.has(os.os)) {
    const variant = host.architecture === "arm" && host.variant !== "v7" ? (host.variant ?? "") : "";
    return platformOf(os, host.architecture, variant);
  }
  const [architecture, variant] = normalArchitecture(specifier, "");
  if (!knownArchitectures.has(architecture)) {
    throw badPlatform(`${JSON.stringify(specifier)}: unknown operating system or architecture`);
  }
  return platformOf({ os: host.os }, architecture, defaultVariant(architecture, variant, 1));
}

type SystemPart = Pick<Platform, "os" | "osVersion" | "osFeatures">;

function parseSystem(part: string, quoted: string): SystemPart {
  const match = system.exec(part);
  if (match === null) {
    const wanted = `OSAndVersion specifier component must match ${JSON.stringify(system.source)}`;
    throw badPlatform(`${JSON.stringify(part)} is an invalid OS component of ${quoted}: ${wanted}`);
  }
  const osVersion = decodeOption(match[2] ?? "", quoted);
  const osFeatures = (match[3] ?? "")
    .split("+")
    .slice(1)
    .map((feature) => decodeOption(feature, quoted));
  return {
    os: normalSystem(match[1] as string),
    ...(osVersion !== "" && { osVersion }),
    ...(osFeatures.length > 0 && { osFeatures }),
  };
}

function decodeOption(text: string, quoted: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new CooperError("oci/bad-platform", `${quoted} has an invalid OS option ${JSON.stringify(text)}`, { cause });
  }
}

/** The canonical form: lower case, `x86_64` as `amd64`, `aarch64/v8` as `arm64`, `arm` with its variant, features sorted. */
export function normalizePlatform(platform: Platform): Platform {
  const [architecture, variant] = normalArchitecture(platform.architecture, platform.variant ?? "");
  const osFeatures = [...new Set(platform.osFeatures ?? [])].sort();
  const { osVersion } = platform;
  const part = {
    os: normalSystem(platform.os),
    ...(osVersion && { osVersion }),
    ...(osFeatures.length > 0 && { osFeatures }),
  };
  return platformOf(part, architecture, variant);
}

/** `os/arch[/variant]`, without version and features; `unknown` without an os. */
export function formatPlatform(platform: Platform): string {
  if (platform.os === "") return "unknown";
  return [platform.os, platform.architecture, platform.variant ?? ""].filter((part) => part !== "").join("/");
}

/** `formatPlatform` with version and features: `windows(10.0.17763+win32k)/amd64`. */
export function formatPlatformAll(platform: Platform): string {
  const features = [...new Set(platform.osFeatures ?? [])].filter((feature) => feature !== "").sort();
  const options = [platform.osVersion ?? "", ...features].map(encodeOption).join("+");
  if (platform.os === "" || options === "") return formatPlatform(platform);
  return formatPlatform({ ...platform, os: `${platform.os}(${options})` });
}

function encodeOption(text: string): string {
  return text.replace(/[%+()/]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The platform that this process runs on. */
export function hostPlatform(): Platform {
  const { os, architecture } = {
    os: process.platform === "win32" ? "windows" : process.platform,
    architecture: goArchitecture(),
  };
  if (architecture !== "arm") return { os, architecture };
  return { os, architecture, variant: armVariant() };
}

function goArchitecture(): string {
  const names: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", mipsel: "mipsle" };
  return names[process.arch] ?? process.arch;
}

function armVariant(): string {
  try {
    const version = /^CPU architecture\s*:\s*(\d)/im.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1];
    return version === undefined ? "v7" : `v${version}`;
  } catch {
    return "v7";
  }
}

/** The JSON form, keys in upstream's order. */
export function platformToJson(platform: Platform): Record<string, unknown> {
  return {
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.osVersion && { "os.version": platform.osVersion }),
    ...(platform.osFeatures && platform.osFeatures.length > 0 && { "os.features": platform.osFeatures }),
    ...(platform.variant && { variant: platform.variant }),
  };
}

/** Reads the platform fields of a JSON object (a descriptor's `platform`, or an image config itself), unnormalised. */
export function platformFromJson(json: JsonObject): Platform {
  const osVersion = json.string("os.version");
  const osFeatures = json.strings("os.features");
  const part = { os: json.string("os") ?? "", ...(osVersion && { osVersion }), ...(osFeatures && { osFeatures }) };
  return platformOf(part, json.string("architecture") ?? "", json.string("variant") ?? "");
}

function platformOf(os: SystemPart, architecture: string, variant: string): Platform {
  return { ...os, architecture, ...(variant !== "" && { variant }) };
}

function normalSystem(os: string): string {
  if (os === "") return hostPlatform().os;
  const lower = os.toLowerCase();
  return lower === "macos" ? "darwin" : lower;
}

function normalArchitecture(givenArchitecture: string, givenVariant: string): [architecture: string, variant: string] {
  const architecture = givenArchitecture.toLowerCase();
  const variant = givenVariant.toLowerCase();
  switch (architecture) {
    case "i386":
      return ["386", ""];
    case "x86_64":
    case "x86-64":
    case "amd64":
      return ["amd64", variant === "v1" ? "" : variant];
    case "aarch64":
    case "arm64":
      return ["arm64", arm64Variants[variant] ?? variant];
    case "armhf":
      return ["arm", "v7"];
    case "armel":
      return ["arm", "v6"];
    case "arm":
      return ["arm", armVariants[variant] ?? variant];
    default:
      return [architecture, variant];
  }
}
const arm64Variants: Readonly<Record<string, string>> = {
  "8": "",
  v8: "",
  "v8.0": "",
  "9": "v9",
  "9.0": "v9",
  "v9.0": "v9",
};
const armVariants: Readonly<Record<string, string>> = { "": "v7", "7": "v7", "5": "v5", "6": "v6", "8": "v8" };

function badPlatform(message: string): CooperError {
  return new CooperError("oci/bad-platform", message);
}
