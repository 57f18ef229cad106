import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { GcPolicy } from "../engine/index.ts";
import type { types } from "../grpc/index.ts";
import type { Fields } from "../kit/index.ts";
import { platformToWire } from "../llb/index.ts";
import type { Platform } from "../oci/index.ts";
import type { Init } from "../wire/index.ts";
import { workerPlatforms } from "./worker-platforms.ts";

/** Upstream's text for a program built without a version. */
export const version = {
  package: "github.com/moby/buildkit",
  version: "v0.0.0+unknown",
  dockerfileVersion: "1.26.0-dev",
} as const;

const label = "org.mobyproject.buildkit.worker.";

/** What this daemon says of its one worker. */
export function workerRecord(options: {
  readonly id: string;
  readonly snapshotter: string;
  readonly network: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly gcPolicies?: readonly GcPolicy[];
  /** The machine's own by default. */
  readonly platforms?: readonly Platform[] | undefined;
}): Init<types.WorkerRecord> {
  const labels = {
    [`${label}executor`]: "oci",
    [`${label}hostname`]: hostname(),
    [`${label}network`]: options.network,
    [`${label}oci.process-mode`]: "sandbox",
    [`${label}selinux.enabled`]: "false",
    [`${label}snapshotter`]: options.snapshotter,
    ...options.labels,
  };
  return {
    id: options.id,
    labels: new Map(Object.entries(labels)),
    platforms: (options.platforms ?? workerPlatforms()).map(platformToWire),
    gcPolicy: (options.gcPolicies ?? []).map(wirePolicy),
    buildkitVersion: version,
  };
}

function wirePolicy({ all, filters, keepDuration, ...space }: GcPolicy): Init<types.GCPolicy> {
  const bytes = (count: number) => BigInt(Math.round(count));
  return {
    all,
    filters,
    keepDuration: bytes(keepDuration * 1e6),
    reservedSpace: bytes(space.reservedSpace),
    maxUsedSpace: bytes(space.maxUsedSpace),
    minFreeSpace: bytes(space.minFreeSpace),
  };
}

/** What filters of workers ask: `id`, `labels."…"`. */
export function workerFields({ id, labels }: Init<types.WorkerRecord>): Fields {
  return ([name, ...rest]) => {
    if (name === "id") return id || undefined;
    return name === "labels" ? labels?.get(rest.join(".")) : undefined;
  };
}

/** Upstream's form: 25 letters and digits. */
export function randomId(): string {
  return BigInt(`0x${randomBytes(17).toString("hex")}`)
    .toString(36)
    .padStart(25, "0")
    .slice(-25);
}
