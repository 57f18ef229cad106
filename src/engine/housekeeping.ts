import { statfs } from "node:fs/promises";
import { type Digest, messageOf, quietScope, type Scope } from "../kit/index.ts";
import type { PruneOptions, Storage } from "../storage/index.ts";
import type { GcPolicy, Housekeeping, PruneRequest, UsageEntry } from "./contract.ts";
import { usageFilter } from "./usage-filter.ts";

/** What a root holds and how it gets smaller, in upstream's terms. */
export function housekeepingOf(storage: Storage): Housekeeping {
  const { reclaim, blobs } = storage;
  return {
    usage: (scope) => reclaim.usage(scope),
    prune: (request, scope) => prune(storage, request, scope),
    rest: () => reclaim.rest(),
    lendFolder: (space, key, description) => storage.lendFolder(space, key, description),
    blob: async (digest: Digest) => {
      const size = await blobs.size(digest);
      return size === undefined ? undefined : { path: await blobs.path(digest), size };
    },
  };
}

/** Runs the policies in turn, and tells how many bytes went. */
export async function collectGarbage(
  housekeeping: Pick<Housekeeping, "prune">,
  policies: readonly GcPolicy[],
  scope: Scope,
): Promise<number> {
  let freed = 0;
  for (const policy of policies) {
    for (const { size } of await housekeeping.prune(policy, scope)) freed += size;
  }
  return freed;
}

/** How often builds that end one after the other look for garbage, in milliseconds: upstream's. */
const pause = 60_000;

/** The same at the end of a build in this process, unless somebody has done it a moment ago. Never throws. */
export async function collectSometimes(
  storage: Storage,
  policies: readonly GcPolicy[],
  log: Scope["log"],
): Promise<void> {
  try {
    const last = Number(storage.records.get("gc", "last") ?? 0);
    if (policies.length === 0 || Math.abs(Date.now() - last) < pause) return;
    storage.records.set("gc", "last", String(Date.now()));
    const freed = await collectGarbage(housekeepingOf(storage), policies, quietScope);
    if (freed > 0) log(`gc cleaned up ${freed} bytes`);
  } catch (error) {
    log(`gc error: ${messageOf(error)}`);
  }
}

async function prune(storage: Storage, request: PruneRequest, scope: Scope): Promise<readonly UsageEntry[]> {
  const { all, keepDuration } = request;
  const filter = usageFilter(request.filters ?? [], "prune");
  const keepBytes = await limitOf(storage, request, scope);
  const options: PruneOptions = {
    all: all ?? false,
    ...(keepDuration ? { keepDuration } : {}),
    ...(keepBytes !== undefined && { keepBytes }),
    ...(filter && { filter }),
  };
  return storage.reclaim.prune(options, scope);
}

async function limitOf(storage: Storage, request: PruneRequest, scope: Scope): Promise<number | undefined> {
  if (!request.reservedSpace && !request.maxUsedSpace && !request.minFreeSpace) return undefined;
  const used = (await storage.reclaim.usage(scope, true)).reduce((sum, { size }) => sum + size, 0);
  const disk = request.minFreeSpace ? await statfs(storage.root) : undefined;
  return keepBytes(request, used, disk === undefined ? 0 : disk.bsize * disk.bfree);
}

/**
 * How many bytes may stay, of those that are used, with so many free on the disk: at most `maxUsedSpace`, less when fewer than
 * `minFreeSpace` are free, but never less than `reservedSpace`. Undefined: no limit.
 */
export function keepBytes(request: PruneRequest, used: number, free: number): number | undefined {
  const { reservedSpace = 0, maxUsedSpace = 0, minFreeSpace = 0 } = request;
  if (reservedSpace === 0 && maxUsedSpace === 0 && minFreeSpace === 0) return undefined;
  const missing = minFreeSpace - free;
  const limits = [
    ...(maxUsedSpace > 0 ? [maxUsedSpace] : []),
    ...(missing > 0 ? [used - missing] : []),
    ...(maxUsedSpace === 0 && minFreeSpace > 0 && missing <= 0 ? [used] : []),
  ];
  return Math.max(reservedSpace, limits.length === 0 ? 0 : Math.min(...limits));
}
