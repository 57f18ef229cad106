import type { protobuf } from "../../grpc/index.ts";
import { CooperError, type Fields, goDuration, parseFilter, prefixed } from "../../kit/index.ts";
import type { HistoryRecord } from "./history-folder.ts";

type Test = (record: HistoryRecord) => boolean;

/**
 * Upstream's filters of build records: `ref`, `status` (running, completed, error, canceled), `repository`, and
 * `startedAt`, `completedAt`, `duration` compared by `<`, `>`, `<=`, `>=`. All of one list, any of several. Throws
 * `kit/bad-filter`.
 */
export function historyFilter(filters: readonly string[], now = Date.now()): Test {
  if (filters.length === 0) return () => true;
  const lists = filters.map((text) => oneFilter(text, now));
  return (record) => lists.some((list) => list.every((holds) => holds(record)));
}

/** At most `limit` records, the youngest first; all when it is 0. */
export function newest(records: readonly HistoryRecord[], limit: number): readonly HistoryRecord[] {
  if (limit === 0) return records;
  if (limit < 0) throw new CooperError("kit/bad-filter", `invalid limit ${limit}`);
  return [...records].sort((a, b) => nanoseconds(b.createdAt) - nanoseconds(a.createdAt)).slice(0, limit);
}

function oneFilter(text: string, now: number): readonly Test[] {
  const plain: string[] = [];
  const tests: Test[] = [];
  for (const part of text.match(/(?:"[^"]*"|[^,])+/g) ?? []) {
    const timed = timeTest(part, now);
    if (timed === undefined) plain.push(part);
    else tests.push(timed);
  }
  try {
    const filter = parseFilter(plain.join(","));
    return [...tests, (record) => filter(fieldsOf(record))];
  } catch (error) {
    throw prefixed(`failed to parse history filters ${text}`, error, "kit/bad-filter");
  }
}

function timeTest(part: string, now: number): Test | undefined {
  const [, key = "", operator = "", value = ""] = /^(.*?)(>=|<=|>|<)(.*)$/.exec(part) ?? [];
  const read = times[key as keyof typeof times] as ((record: HistoryRecord) => number) | undefined;
  if (read === undefined) return undefined;
  const duration = goDuration(value);
  if (key === "duration") {
    if (duration === undefined) throw new CooperError("kit/bad-filter", `invalid duration ${value}`);
    return compare(read, operator, duration);
  }
  const moment = duration === undefined ? Date.parse(value) : now - duration;
  if (Number.isNaN(moment)) throw new CooperError("kit/bad-filter", `invalid time ${value}`);
  return compare((record) => Math.floor(read(record) / 1000), operator, Math.floor(moment / 1000));
}

/** In milliseconds; 0 for what has not happened. */
const times = {
  startedAt: ({ createdAt }: HistoryRecord) => nanoseconds(createdAt) / 1e6,
  completedAt: ({ completedAt }: HistoryRecord) => nanoseconds(completedAt) / 1e6,
  duration: ({ createdAt, completedAt }: HistoryRecord) =>
    completedAt === undefined ? 0 : (nanoseconds(completedAt) - nanoseconds(createdAt)) / 1e6,
};

function compare(read: (record: HistoryRecord) => number, operator: string, limit: number): Test {
  switch (operator) {
    case ">=":
      return (record) => read(record) >= limit;
    case "<=":
      return (record) => read(record) <= limit;
    case ">":
      return (record) => read(record) > limit;
    default:
      return (record) => read(record) < limit;
  }
}

function nanoseconds(time: protobuf.Timestamp | undefined): number {
  return Number(time?.seconds ?? 0n) * 1e9 + (time?.nanos ?? 0);
}

function fieldsOf(record: HistoryRecord): Fields {
  return ([name]) => {
    if (name === "ref") return record.ref || undefined;
    if (name === "status") return statusOf(record);
    if (name === "repository") return repositoryOf(record.frontendAttrs);
    return undefined;
  };
}

function statusOf({ completedAt, error }: HistoryRecord): string {
  if (completedAt === undefined) return "running";
  if (error === undefined) return "completed";
  return error.message.includes("context canceled") ? "canceled" : "error";
}

/** Where the sources are from: what the client says, else the git context without its fragment. */
function repositoryOf(attrs: ReadonlyMap<string, string>): string | undefined {
  const source = attrs.get("vcs:source");
  if (source !== undefined) return source;
  const context = attrs.get("context");
  if (context === undefined || !/^(?:git|ssh|https?):\/\/|^git@/.test(context)) return undefined;
  return context.split("#")[0];
}
