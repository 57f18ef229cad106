import { type DaemonConnection, remote } from "../../client/index.ts";
import { goDuration, type Scope } from "../../kit/index.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";
import { withSignals } from "../signals.ts";
import { formatter } from "../template/index.ts";
import { withDaemon } from "./address.ts";
import { failing } from "./failing.ts";
import { controlHistory, listHistories, monitorBuilds, pruneHistories } from "./history.ts";
import { showLogs } from "./logs.ts";
import { infoValue, usageValue, workerValue } from "./records.ts";
import { usageSummary, usageTable, usageTotal, usageVerbose } from "./usage.ts";
import { workersTable, workersVerbose } from "./workers.ts";

/** What a command that asks a daemon gets: its flags and words, and the daemon, which is dialled when it is first needed. */
export interface Question {
  readonly values: FlagValues;
  readonly args: readonly string[];
  readonly io: Io;
  readonly daemon: () => Promise<DaemonConnection>;
  readonly scope: Scope;
}

type Verb = (question: Question) => Promise<void>;

/** Commands that only ask a daemon, by name. */
export const remoteVerbs: Readonly<Record<string, Verb>> = {
  du: diskUsage,
  prune,
  "prune-histories": pruneHistories,
  "debug workers": workers,
  "debug info": info,
  "debug histories": listHistories,
  "debug logs": showLogs,
  "debug ctl": controlHistory,
  "debug monitor": monitorBuilds,
  "debug get": getBlob,
};

/** Runs one of them, on the daemon that the flags name or the one that `connect` brings. Gives the exit code. */
export async function askDaemon(
  verb: Verb,
  values: FlagValues,
  args: readonly string[],
  io: Io,
  connect?: (scope: Scope) => Promise<DaemonConnection & AsyncDisposable>,
): Promise<number> {
  await withSignals(
    () => {},
    (scope) => withDaemon(values, io, scope, (daemon) => verb({ values, args, io, daemon, scope }), connect),
  );
  return 0;
}

async function diskUsage({ values, io, daemon, scope }: Question): Promise<void> {
  const { queries } = await remote();
  const filter = values.strings("filter");
  const asked = async () => queries.diskUsage(await daemon(), filter, scope);
  const records = await failing("failed to call diskusage", asked());
  const format = values.string("format");
  if (format !== "") {
    io.stdout(formatter(format)(records.length === 0 ? null : records.map(usageValue)));
    return;
  }
  io.stdout(values.bool("verbose") ? usageVerbose(records) : usageTable(records));
  if (filter.length === 0) io.stdout(usageSummary(records));
}

async function prune({ values, io, daemon, scope }: Question): Promise<void> {
  const { queries } = await remote();
  const megabytes = (name: string) => BigInt(Math.round(Number(values.string(name)) * 1e6));
  const request = {
    filter: values.strings("filter"),
    all: values.bool("all"),
    keepDuration: BigInt(Math.round((goDuration(values.string("keep-duration")) ?? 0) * 1e6)),
    reservedSpace: megabytes("keep-storage-min"),
    maxUsedSpace: megabytes("keep-storage"),
    minFreeSpace: megabytes("free-storage"),
  };
  const records: Parameters<typeof usageTable>[0][number][] = [];
  const print = values.string("format") === "" ? undefined : formatter(values.string("format"));
  const onRecord = (record: (typeof records)[number]) => {
    records.push(record);
    if (print !== undefined) io.stdout(print(usageValue(record)));
    else if (values.bool("verbose")) io.stdout(usageVerbose([record]));
  };
  await queries.prune(await failing("failed to call prune", daemon()), request, onRecord, scope);
  if (print !== undefined) return;
  if (records.length > 0 && !values.bool("verbose")) io.stdout(usageTable(records));
  io.stdout(usageTotal(records));
}

async function workers({ values, io, daemon, scope }: Question): Promise<void> {
  const { queries } = await remote();
  const asked = async () => queries.workers(await daemon(), values.strings("filter"), scope);
  const records = await failing("failed to list workers", asked());
  const format = values.string("format");
  if (format !== "") io.stdout(formatter(format)(records.map(workerValue)));
  else io.stdout(values.bool("verbose") ? workersVerbose(records) : workersTable(records));
}

async function info({ values, io, daemon, scope }: Question): Promise<void> {
  const { queries } = await remote();
  const asked = async () => queries.info(await daemon(), scope);
  const version = await failing("failed to call info", asked());
  const { package: name = "", version: number = "", revision = "", dockerfileVersion = "" } = version ?? {};
  const format = values.string("format");
  if (format !== "") {
    io.stdout(formatter(format)(infoValue(version)));
    return;
  }
  io.stdout(`BuildKit:   ${name} ${number} ${revision}\n`);
  if (dockerfileVersion !== "") io.stdout(`Dockerfile: ${dockerfileVersion}\n`);
}

async function getBlob({ args, io, daemon, scope }: Question): Promise<void> {
  const [{ queries }, { printTo, wantedDigest }] = await Promise.all([remote(), import("./blob.ts")]);
  const digest = wantedDigest(args[0]);
  await queries.blob(await daemon(), digest, printTo(io), scope);
}
