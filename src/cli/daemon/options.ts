import { resolve } from "node:path";
import type { EngineOptions } from "../../client/index.ts";
import { CooperError } from "../../kit/index.ts";
import { buildkitdSpec } from "../args/buildkitd-spec.ts";
import { parseCommandLine } from "../args/parse.ts";
import type { FlagValues } from "../args/spec.ts";
import { defaultRoot } from "./default-root.ts";
import { registriesOf } from "./registries.ts";
import { type Config, loadConfig, read } from "./toml.ts";

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
  return merge(flags, config, cwd, env, warn);
}

/** What a daemon that really listens needs beside the engine's options. */
export interface ListeningOptions {
  readonly engine: EngineOptions;
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  /** Name or number; empty: this process's own. */
  readonly group: string;
}

/** The options of a daemon from its own command line and configuration file. Flags win. Throws `cli/bad-config`. */
export async function daemonOptions(
  flags: FlagValues,
  cwd: string,
  warn: (sentence: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ListeningOptions> {
  const config = await loadConfig(resolve(cwd, flags.string("config")), warn);
  const grpc = read.table(config, "grpc");
  const tlsTable = read.table(grpc, "tls");
  const given = (flag: string, key: string) => flags.string(flag) || (read.string(tlsTable, key) ?? "");
  const [cert, key, ca] = [given("tlscert", "cert"), given("tlskey", "key"), given("tlscacert", "ca")];
  if ((cert === "") !== (key === "")) {
    throw new CooperError("cli/bad-config", "you must specify both cert and key to enable TLS");
  }
  const configured = read.strings(grpc, "address") ?? [];
  const labels = flags.strings("oci-worker-labels").map((text) => text.split(/=(.*)/s));
  return {
    engine: merge(flags, config, cwd, env, warn, true),
    addresses: flags.isSet("addr") || configured.length === 0 ? flags.strings("addr") : configured,
    labels: Object.fromEntries(labels.map(([name = "", value = ""]) => [name, value])),
    group: flags.string("group"),
    ...(cert !== "" && { tls: { cert, key, ...(ca !== "" && { ca }) } }),
  };
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

function merge(
  flags: FlagValues,
  config: Config,
  cwd: string,
  env: NodeJS.ProcessEnv,
  warn: (sentence: string) => void,
  listens = false,
): EngineOptions {
  const oci = read.table(config, "worker", "oci");
  const debug = (read.boolean(config, "debug") ?? false) || read.string(read.table(config, "log"), "level") === "debug";
  if (flags.string("oci-worker") === "false" || read.boolean(oci, "enabled") === false) {
    warn("the OCI worker is switched off in the daemon's options, but it is the only one there is: using it");
  }
  if (flags.string("containerd-worker") === "true") warn("containerd is not used: building with the OCI worker");
  if (flags.isSet("addr") && !listens)
    warn("--addr in BUILDKITD_FLAGS is ignored: nothing listens, the build runs in this process");
  const flag = (name: string) => (flags.isSet(name) ? flags.string(name) : undefined);
  const dns = dnsOf(read.table(config, "dns"));
  return {
    root: resolve(cwd, flag("root") ?? read.string(config, "root") ?? defaultRoot(env, process.geteuid?.() ?? 0)),
    debug: flags.bool("debug") || debug,
    snapshotter: flag("oci-worker-snapshotter") ?? read.string(oci, "snapshotter") ?? "auto",
    ociWorkerBinary: flag("oci-worker-binary") ?? read.string(oci, "binary") ?? "",
    networkMode: flag("oci-worker-net") ?? read.string(oci, "networkMode") ?? "auto",
    maxParallelism: flags.int("oci-max-parallelism") || (read.number(oci, "max-parallelism") ?? 0),
    insecureEntitlements: entitlementsOf(flags, config),
    registries: registriesOf(config),
    ...(dns === undefined ? {} : { dns }),
  };
}

/** Names may also be joined by commas in one flag. */
function entitlementsOf(flags: FlagValues, config: Config): readonly string[] {
  const given = flags.strings("allow-insecure-entitlement").flatMap((words) => words.split(","));
  return given.length > 0 ? given : (read.strings(config, "insecure-entitlements") ?? []);
}

function dnsOf(table: Config): EngineOptions["dns"] {
  if (Object.keys(table).length === 0) return undefined;
  return {
    nameservers: read.strings(table, "nameservers") ?? [],
    options: read.strings(table, "options") ?? [],
    searchDomains: read.strings(table, "searchDomains") ?? [],
  };
}
