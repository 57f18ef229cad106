import { usageFilter } from "../engine/index.ts";
import { control, type Handler, streaming, unary } from "../grpc/index.ts";
import { type DaemonParts, housekeepingOf } from "./daemon-parts.ts";
import { usageRecord } from "./usage-record.ts";

/** `DiskUsage` and `Prune`. */
export function usageHandlers(parts: DaemonParts): readonly Handler[] {
  const { ControlService: service } = control;
  return [
    unary(service.DiskUsage, async ({ filter, ageLimit }, call) => {
      const wanted = usageFilter(filter, "diskusage") ?? (() => true);
      rest(parts);
      const entries = await housekeepingOf(parts).usage({ ...parts.scope, signal: call.signal });
      const youngest = ageLimit > 0n ? Date.now() - milliseconds(ageLimit) : Number.POSITIVE_INFINITY;
      const record = entries.filter((entry) => entry.used.getTime() <= youngest && wanted(entry)).map(usageRecord);
      return { record };
    }),
    streaming(service.Prune, async (call) => {
      const [request] = (await call.messages.read()) ?? [];
      if (request === undefined) return;
      call.header();
      rest(parts);
      const gone = await housekeepingOf(parts).prune(pruneRequest(request), { ...parts.scope, signal: call.signal });
      for (const entry of gone) await call.messages.send(usageRecord(entry));
    }),
  ];
}

/** What was used in the very millisecond in which the last build ended is free only now. */
function rest(parts: DaemonParts): void {
  if (parts.builds.running === 0) housekeepingOf(parts).rest();
}

function pruneRequest(request: control.PruneRequest) {
  const { all, filter: filters, keepDuration, reservedSpace, maxUsedSpace, minFreeSpace } = request;
  return {
    all,
    filters,
    keepDuration: milliseconds(keepDuration),
    reservedSpace: Number(reservedSpace),
    maxUsedSpace: Number(maxUsedSpace),
    minFreeSpace: Number(minFreeSpace),
  };
}

/** Durations travel as nanoseconds. */
const milliseconds = (duration: bigint) => Number(duration) / 1e6;
