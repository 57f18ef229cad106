import { remote } from "../../client/index.ts";
import { durationNanoseconds } from "../args/duration.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";
import { withSignals } from "../signals.ts";
import { withDaemon } from "./address.ts";
import { failing } from "./failing.ts";
import { formatted } from "./format.ts";
import { usageJson, usageSummary, usageTable, usageTotal, usageVerbose } from "./usage.ts";
import { workersJson, workersTable, workersVerbose } from "./workers.ts";

type Verb = (values: FlagValues, io: Io) => Promise<number>;

/** Commands that only ask a daemon, by name. */
export const remoteVerbs: Readonly<Record<string, Verb>> = {
  du: (values, io) => asking(values, io, diskUsage),
  prune: (values, io) => asking(values, io, prune),
  "debug workers": (values, io) => asking(values, io, workers),
  "debug info": (values, io) => asking(values, io, info),
};

type Ask = (
  values: FlagValues,
  io: Io,
  daemon: Parameters<Parameters<typeof withDaemon>[3]>[0],
  scope: Parameters<typeof withDaemon>[2],
) => Promise<void>;

async function asking(values: FlagValues, io: Io, ask: Ask): Promise<number> {
  await withSignals(
    () => {},
    (scope) => withDaemon(values, io, scope, (daemon) => ask(values, io, daemon, scope)),
  );
  return 0;
}

const diskUsage: Ask = async (values, io, daemon, scope) => {
  const { queries } = await remote();
  const filter = values.strings("filter");
  const records = await failing("failed to call diskusage", queries.diskUsage(daemon, filter, scope));
  const format = values.string("format");
  if (format !== "") {
    io.stdout(formatted(format, records.length === 0 ? null : records.map(usageJson)));
    return;
  }
  io.stdout(values.bool("verbose") ? usageVerbose(records) : usageTable(records));
  if (filter.length === 0) io.stdout(usageSummary(records));
};

const prune: Ask = async (values, io, daemon, scope) => {
  const { queries } = await remote();
  const megabytes = (name: string) => BigInt(Math.round(Number(values.string(name)) * 1e6));
  const request = {
    filter: values.strings("filter"),
    all: values.bool("all"),
    keepDuration: durationNanoseconds(values.string("keep-duration")),
    reservedSpace: megabytes("keep-storage-min"),
    maxUsedSpace: megabytes("keep-storage"),
    minFreeSpace: megabytes("free-storage"),
  };
  const records: Parameters<typeof usageTable>[0][number][] = [];
  const format = values.string("format");
  const onRecord = (record: (typeof records)[number]) => {
    records.push(record);
    if (format !== "") io.stdout(formatted(format, usageJson(record)));
    else if (values.bool("verbose")) io.stdout(usageVerbose([record]));
  };
  await failing("failed to call prune", queries.prune(daemon, request, onRecord, scope));
  if (format !== "") return;
  if (records.length > 0 && !values.bool("verbose")) io.stdout(usageTable(records));
  io.stdout(usageTotal(records));
};

const workers: Ask = async (values, io, daemon, scope) => {
  const { queries } = await remote();
  const records = await failing("failed to list workers", queries.workers(daemon, values.strings("filter"), scope));
  const format = values.string("format");
  if (format !== "") io.stdout(formatted(format, records.map(workersJson)));
  else io.stdout(values.bool("verbose") ? workersVerbose(records) : workersTable(records));
};

const info: Ask = async (values, io, daemon, scope) => {
  const { queries } = await remote();
  const version = await failing("failed to call info", queries.info(daemon, scope));
  const { package: name = "", version: number = "", revision = "", dockerfileVersion = "" } = version ?? {};
  const format = values.string("format");
  if (format !== "") {
    const buildkitVersion = { package: name, version: number, revision, dockerfileVersion };
    io.stdout(formatted(format, { buildkitVersion }));
    return;
  }
  io.stdout(`BuildKit:   ${name} ${number} ${revision}\nDockerfile: ${dockerfileVersion}\n`);
};
