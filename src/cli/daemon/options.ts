import { resolve } from "node:path";
import type { EngineOptions } from "../../client/index.ts";
import { CooperError, startedAgain } from "../../kit/index.ts";
import { buildkitdSpec } from "../args/buildkitd-spec.ts";
import { parseCommandLine } from "../args/parse.ts";
import type { FlagValues } from "../args/spec.ts";
import { parseStepLimits } from "../args/step-limits.ts";
import { defaultRoot } from "./default-root.ts";
import { deviceOptions } from "./device-options.ts";
import { gcSettings } from "./gc-policies.ts";
import { networkOptions } from "./network-options.ts";
import { registriesOf } from "./registries.ts";
import { type Config, loadConfig, read } from "./toml.ts";
import { refuseUnheeded, warnOfNoEffect } from "./without-effect.ts";

/**
 * The engine's options from what would start upstream's daemon: `BUILDKITD_FLAGS`, split at white space as the shell
 * splits it, and the configuration file that they name. Flags win over the file. What does not apply to a build in this
 * process is accepted; `warn` hears of what the user would miss. Throws `cli/bad-daemon-flags`, `cli/bad-config`.
 */
export async function engineOptions(
  env: NodeJS.ProcessEnv,
  cwd: string,
  warn: (sentence: string) => void,
): Promise<EngineOptions> {
  const flags = parseDaemonFlags(env);
  const config = await loadConfig(resolve(cwd, flags.string("config")), warn);
  return mergedOptions({ flags, config, cwd, env, warn, listens: false });
}

function parseDaemonFlags(env: NodeJS.ProcessEnv): FlagValues {
  const words = (env.BUILDKITD_FLAGS ?? "").split(/[ \t\n]+/).filter((word) => word !== "");
  // A program without commands is run, whatever words are left over, as upstream does.
  const asked = parseCommandLine(buildkitdSpec, words, env);
  if (asked.kind === "run") return asked.values;
  if (asked.kind === "usage-error") {
    const { message, hint } = asked.error;
    throw new CooperError("cli/bad-daemon-flags", `cannot use BUILDKITD_FLAGS: ${message}`, { hint });
  }
  throw new CooperError("cli/bad-daemon-flags", `cannot use BUILDKITD_FLAGS: no build with --${asked.kind}`);
}

/** What a daemon was told, and where. */
export interface Told {
  readonly flags: FlagValues;
  readonly config: Config;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly warn: (sentence: string) => void;
  /** A daemon that listens; else a build in this process. */
  readonly listens: boolean;
}

/** The engine's options out of flags and file. Throws `cli/bad-config`, `cli/bad-value`. */
export function mergedOptions({ flags, config, cwd, env, warn, listens }: Told): EngineOptions {
  const oci = read.table(config, "worker", "oci");
  const debug = (read.boolean(config, "debug") ?? false) || read.string(read.table(config, "log"), "level") === "debug";
  if (flags.string("oci-worker") === "false" || read.boolean(oci, "enabled") === false) {
    warn("the OCI worker is switched off in the daemon's options, but it is the only one there is: using it");
  }
  warnOfNoEffect(flags, config, warn);
  refuseUnheeded(config);
  if (flags.string("containerd-worker") === "true") warn("containerd is not used: building with the OCI worker");
  if (flags.isSet("addr") && !listens)
    warn("--addr in BUILDKITD_FLAGS is ignored: nothing listens, the build runs in this process");
  const flag = (name: string) => (flags.isSet(name) ? flags.string(name) : undefined);
  const dns = dnsOf(read.table(config, "dns"));
  checkConcurrency(read.table(config, "system"));
  const root = resolve(cwd, flag("root") ?? read.string(config, "root") ?? defaultRoot(env, userOf(env)));
  const gc = gcSettings(flags, oci);
  const stepLimits = parseStepLimits((name) => flag(name) ?? textOf(oci, name));
  const cgroupParent = read.string(oci, "defaultCgroupParent");
  const traceSocket = flag("otel-socket-path") ?? read.string(read.table(config, "otel"), "socketPath");
  const isolation = flag("isolation") ?? read.string(oci, "isolation");
  return {
    root,
    debug: flags.bool("debug") || debug,
    snapshotter: flag("oci-worker-snapshotter") ?? read.string(oci, "snapshotter") ?? "auto",
    ociWorkerBinary: flag("oci-worker-binary") ?? read.string(oci, "binary") ?? "",
    ...networkOptions(flags, oci, env, userOf(env)),
    maxParallelism: flags.int("oci-max-parallelism") || (read.number(oci, "max-parallelism") ?? 0),
    insecureEntitlements: entitlementsOf(flags, config),
    ...deviceOptions(flags, config),
    registries: registriesOf(config),
    ...(dns === undefined ? {} : { dns }),
    ...frontendsOf(read.table(config, "frontend")),
    ...(isolation !== undefined && { askedIsolation: isolation }),
    ...provenanceOf(config, cwd),
    ...((flags.bool("proxy-network") || read.boolean(config, "proxyNetwork") === true) && { proxyNetwork: true }),
    ...(stepLimits !== undefined && { stepLimits }),
    ...(cgroupParent && { cgroupParent }),
    ...(traceSocket && { traceSocket: resolve(cwd, traceSocket) }),
    // A build in this process looks for garbage only when somebody has said how much there may be.
    ...((listens || (gc.on && gc.configured)) && { gcPolicies: gc.policies(root) }),
  };
}

function checkConcurrency(system: Config): void {
  const limit = read.number(system, "maxRegistryConcurrency");
  if (limit === undefined || limit > 0) return;
  const sentence = `maxRegistryConcurrency must be greater than zero; set to ${limit} in the configuration file`;
  throw new CooperError("cli/bad-config", sentence);
}

const entitlements = ["security.insecure", "network.host", "device"];

/** A value that people write as a number or as text. */
function textOf(table: Config, key: string): string | undefined {
  const value = table[key];
  return typeof value === "number" ? String(value) : read.string(table, key);
}

/** In a user namespace of its own this command is root, and still works for the user that started it. */
function userOf(env: NodeJS.ProcessEnv): number {
  return startedAgain(env)?.uid ?? process.geteuid?.() ?? 0;
}

/** Names may also be joined by commas in one flag. */
function entitlementsOf(flags: FlagValues, config: Config): readonly string[] {
  const given = flags.strings("allow-insecure-entitlement").flatMap((words) => words.split(","));
  for (const name of given) {
    if (!entitlements.includes(name)) throw new CooperError("cli/bad-value", `invalid entitlement : ${name}`);
  }
  return given.length > 0 ? given : (read.strings(config, "insecure-entitlements") ?? []);
}

/** The folder of what the operator adds to provenance. */
function provenanceOf(config: Config, cwd: string): Pick<EngineOptions, "provenanceEnvDir"> {
  const folder = read.string(config, "provenanceEnvDir") ?? "";
  return folder === "" ? {} : { provenanceEnvDir: resolve(cwd, folder) };
}

function frontendsOf(table: Config): Pick<EngineOptions, "frontends"> {
  const disabled = ["dockerfile.v0", "gateway.v0"].filter(
    (name) => read.boolean(read.table(table, name), "enabled") === false,
  );
  const allowedRepositories = read.strings(read.table(table, "gateway.v0"), "allowedRepositories") ?? [];
  if (disabled.length === 0 && allowedRepositories.length === 0) return {};
  return { frontends: { disabled, allowedRepositories } };
}

function dnsOf(table: Config): EngineOptions["dns"] {
  if (Object.keys(table).length === 0) return undefined;
  return {
    nameservers: read.strings(table, "nameservers") ?? [],
    options: read.strings(table, "options") ?? [],
    searchDomains: read.strings(table, "searchDomains") ?? [],
  };
}
