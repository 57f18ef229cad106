import { goQuote, trim } from "../../../kit/index.ts";
import type { LinuxResources, NetworkMode, ResolveMode, Ulimit } from "../../../llb/index.ts";
import type { Platform } from "../../../oci/index.ts";
import type { SbomRequest } from "../../sbom/scanner.ts";
import { type LintConfig, readLintOption } from "../lint/config.ts";
import { parseBool } from "../parse/values.ts";
import { readSbomRequest } from "./attestations.ts";
import {
  bad,
  type ExtraHost,
  readExtraHosts,
  readLinuxResources,
  readNetworkMode,
  readPlatforms,
  readResolveMode,
  readShmSize,
  readUlimits,
} from "./values.ts";

/** What the frontend's options say about a build. */
export interface BuildOptions {
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly labels: Readonly<Record<string, string>>;
  readonly target: string;
  /** Empty: the worker's own, and the result says so nowhere. */
  readonly targetPlatforms: readonly Platform[];
  readonly buildPlatforms: readonly Platform[];
  readonly multiPlatform: boolean;
  readonly imageResolveMode: ResolveMode;
  readonly networkMode: NetworkMode;
  readonly extraHosts: readonly ExtraHost[];
  readonly hostname: string;
  /** Bytes; 0 is the default. */
  readonly shmSize: number;
  readonly ulimits: readonly Ulimit[];
  readonly cgroupParent: string;
  readonly linuxResources: LinuxResources | undefined;
  readonly cacheNamespace: string;
  /** Undefined: cache everything; empty: nothing; else the stages to build anew. */
  readonly noCache: readonly string[] | undefined;
  /** What `build-arg:BUILDKIT_DOCKERFILE_CHECK` says, when it is given. */
  readonly lint: LintConfig | undefined;
  readonly sbom: SbomRequest | undefined;
  /** The Dockerfile's syntax directive names a labs frontend, which may do more. */
  readonly labs: boolean;
}

/** Reads upstream's `FrontendOpt` map. Throws `dockerfile/bad-option` with upstream's sentences. */
export function readOptions(
  options: Readonly<Record<string, string>>,
  workerPlatforms: readonly Platform[],
): BuildOptions {
  refuseRemoved(options);
  const targetPlatforms = readPlatforms(options.platform);
  const settings = {
    imageResolveMode: readResolveMode(options["image-resolve-mode"]),
    extraHosts: readExtraHosts(options["add-hosts"]),
    shmSize: readShmSize(options["shm-size"]),
    ulimits: readUlimits(options.ulimit),
    linuxResources: readLinuxResources(options),
    networkMode: readNetworkMode(options["force-network-mode"]),
  };
  const multiPlatform = readMultiPlatform(options, targetPlatforms.length);
  refuseBadCacheImports(options["cache-imports"]);
  return {
    ...settings,
    multiPlatform,
    targetPlatforms,
    buildPlatforms: workerPlatforms.slice(0, 1),
    noCache: options["no-cache"] === "" ? [] : options["no-cache"]?.split(","),
    sbom: readSbomRequest(options),
    buildArgs: new Map(Object.entries(withoutPrefix(options, "build-arg:"))),
    labels: withoutPrefix(options, "label:"),
    cacheNamespace: options["build-arg:BUILDKIT_CACHE_MOUNT_NS"] ?? "",
    cgroupParent: options["cgroup-parent"] ?? "",
    target: options.target ?? "",
    hostname: options["build-arg:BUILDKIT_SANDBOX_HOSTNAME"] || (options.hostname ?? ""),
    lint: readLintOption(options["build-arg:BUILDKIT_DOCKERFILE_CHECK"]),
    labs: (options.source ?? "").includes("labs"),
  };
}

/** Whether a stage of that name is to be built without cache. */
export function isNoCache(options: BuildOptions, stage: string): boolean {
  if (options.noCache === undefined) return false;
  return options.noCache.length === 0 || options.noCache.some((name) => name.toLowerCase() === stage.toLowerCase());
}

function refuseRemoved(options: Readonly<Record<string, string>>): void {
  if (options["override-copy-image"]) {
    throw bad('support for "override-copy-image" was removed in BuildKit 0.11');
  }
  if (parseBool(options["build-arg:BUILDKIT_DISABLE_FILEOP"] ?? "")) {
    throw bad('support for "BUILDKIT_DISABLE_FILEOP" build-arg was removed in BuildKit 0.11');
  }
}

function readMultiPlatform(options: Readonly<Record<string, string>>, targets: number): boolean {
  const text = options["build-arg:BUILDKIT_MULTI_PLATFORM"] || options["multi-platform"];
  if (!text) return targets > 1;
  const value = parseBool(text);
  if (value === undefined) throw bad(`invalid boolean value for multi-platform: ${text}`);
  if (!value && targets > 1) throw bad("conflicting config: returning multiple target platforms is not allowed");
  return value;
}

/** The engine reads the list itself; a broken one is the frontend's to refuse. */
function refuseBadCacheImports(text: string | undefined): void {
  if (!text) return;
  try {
    JSON.parse(text);
  } catch {
    const first = trim(text).charAt(0);
    const reason = /^[[{"\d\-tfn]?$/.test(first)
      ? "unexpected end of JSON input"
      : `invalid character '${first}' looking for beginning of value`;
    throw bad(`failed to unmarshal cache-imports (${goQuote(text)}): ${reason}`);
  }
}

function withoutPrefix(options: Readonly<Record<string, string>>, prefix: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}
