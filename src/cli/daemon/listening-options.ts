import { resolve } from "node:path";
import type { DaemonOptions } from "../../daemon/index.ts";
import { CooperError } from "../../kit/index.ts";
import { parsePlatform } from "../../oci/index.ts";
import { traceResource, traceSettings } from "../../trace/index.ts";
import type { FlagValues } from "../args/spec.ts";
import { duration } from "./measures.ts";
import { mergedOptions } from "./options.ts";
import { type Config, loadConfig, read } from "./toml.ts";

/** What a daemon that really listens needs. */
export interface ListeningOptions extends DaemonOptions {
  /** Name or number; empty: what `gid` says. */
  readonly group: string;
  readonly log: LogOptions;
  /** How long builds may go on after SIGTERM, in milliseconds. */
  readonly grace: number;
}

export interface LogOptions {
  readonly format: "text" | "json";
  readonly level: string;
}

/** Whoever stops daemons kills after 20 s. */
const defaultGrace = 15_000;

/** The options of a daemon from its own command line and configuration file. Flags win. Throws `cli/bad-config`, `cli/bad-value`. */
export async function daemonOptions(
  flags: FlagValues,
  cwd: string,
  env: NodeJS.ProcessEnv,
  warn: (sentence: string) => void,
): Promise<ListeningOptions> {
  const config = await loadConfig(resolve(cwd, flags.string("config")), warn);
  const grpc = read.table(config, "grpc");
  const oci = read.table(config, "worker", "oci");
  const tls = tlsOf(flags, read.table(grpc, "tls"));
  const configured = read.strings(grpc, "address") ?? [];
  const addresses = flags.isSet("addr") || configured.length === 0 ? flags.strings("addr") : configured;
  if (addresses.length === 0) throw new CooperError("cli/bad-value", "--addr cannot be empty");
  for (const address of addresses) warnOfTls(address, tls !== undefined, warn);
  const platforms = flags.isSet("oci-worker-platform")
    ? flags.strings("oci-worker-platform")
    : read.strings(oci, "platforms");
  const debugAddress = flags.string("debugaddr") || (read.string(grpc, "debugAddress") ?? "");
  const [uid, gid] = [read.number(grpc, "uid"), read.number(grpc, "gid")];
  return {
    engine: mergedOptions({ flags, config, cwd, env, warn, listens: true }),
    addresses,
    labels: { ...labelsOf(read.table(oci, "labels")), ...labelFlags(flags.strings("oci-worker-labels")) },
    group: flags.string("group"),
    log: logOf(flags, config, warn),
    grace: graceOf(config, env),
    traces: { settings: traceSettings(env), resource: traceResource(env, "buildkitd") },
    ...historyOf(config),
    ...(platforms !== undefined && { platforms: platforms.map(parsePlatform) }),
    ...(debugAddress !== "" && { debugAddress }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    ...(tls && { tls }),
  };
}

function tlsOf(flags: FlagValues, table: Config): DaemonOptions["tls"] {
  const given = (flag: string, key: string) => flags.string(flag) || (read.string(table, key) ?? "");
  const [cert, key, ca] = [given("tlscert", "cert"), given("tlskey", "key"), given("tlscacert", "ca")];
  if (cert === "" && key === "") return undefined;
  if (cert === "" || key === "") {
    throw new CooperError("cli/bad-config", "you must specify key and cert file if one is specified");
  }
  return { cert, key, ...(ca !== "" && { ca }) };
}

function warnOfTls(address: string, tls: boolean, warn: (sentence: string) => void): void {
  if (tls && address.startsWith("unix:")) warn(`TLS is disabled for ${address}`);
  if (!tls && address.startsWith("tcp:")) {
    warn(`TLS is not enabled for ${address}. enabling mutual TLS authentication is highly recommended`);
  }
}

function labelsOf(table: Config): Record<string, string> {
  return Object.fromEntries(Object.keys(table).map((name) => [name, read.string(table, name) ?? ""]));
}

function labelFlags(texts: readonly string[]): Record<string, string> {
  const pairs = texts.map((text) => {
    const at = text.indexOf("=");
    if (at < 0) throw new CooperError("cli/bad-value", `invalid value ${text}`);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

/** The lowest first. */
export const logLevels = ["panic", "fatal", "error", "warning", "info", "debug", "trace"];

function logOf(flags: FlagValues, config: Config, warn: (sentence: string) => void): LogOptions {
  const table = read.table(config, "log");
  const old = ["trace", "debug"].find((name) => read.boolean(config, name) ?? false);
  if (old !== undefined) {
    warn(`'${old}' configuration option is deprecated, use 'log.level = ${JSON.stringify(old)}' instead`);
  }
  const format = flags.isSet("log-format") ? flags.string("log-format") : (read.string(table, "format") ?? "text");
  if (format !== "json" && format !== "text") {
    throw new CooperError("cli/bad-value", `unsupported log type ${JSON.stringify(format)}`);
  }
  const given = flags.isSet("log-level") ? flags.string("log-level") : read.string(table, "level");
  const level = (given ?? (flags.bool("debug") ? "debug" : (old ?? "info"))).replace(/^warn$/, "warning");
  if (!logLevels.includes(level)) {
    throw new CooperError("cli/bad-value", `unsupported log level: not a valid logrus Level: ${JSON.stringify(level)}`);
  }
  return { format, level };
}

/** Ours alone: upstream waits for its builds without end. */
function graceOf(config: Config, env: NodeJS.ProcessEnv): number {
  const { BUILDKITD_SHUTDOWN_GRACE_PERIOD: asked = "" } = env;
  if (asked !== "") return duration(asked, "BUILDKITD_SHUTDOWN_GRACE_PERIOD");
  return "shutdownGracePeriod" in config ? duration(config.shutdownGracePeriod, "shutdownGracePeriod") : defaultGrace;
}

function historyOf(config: Config): Pick<ListeningOptions, "history"> {
  if (!("history" in config)) return {};
  const table = read.table(config, "history");
  const maxAge = duration(table.maxAge, "history.maxAge");
  return { history: { maxAge, maxEntries: read.number(table, "maxEntries") ?? 0 } };
}
