import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { GcPolicy } from "../../client/index.ts";
import { CooperError } from "../../kit/index.ts";
import type { FlagValues } from "../args/spec.ts";
import { bytesOf, type DiskSpace, diskSpace, duration } from "./measures.ts";
import { type Config, read } from "./toml.ts";

/** What a worker may keep, before the size of the disk is known. */
interface Room {
  readonly reserved: DiskSpace | undefined;
  readonly free: DiskSpace | undefined;
  readonly most: DiskSpace | undefined;
}

/** What decides about garbage: `flags` win over the `[worker.oci]` table. */
export interface GcSettings {
  readonly on: boolean;
  /** Somebody said something about it; else everything is at its default. */
  readonly configured: boolean;
  /** Rules for a root. Throws `cli/bad-config`. */
  policies(root: string): readonly GcPolicy[];
}

export function gcSettings(flags: FlagValues, oci: Config): GcSettings {
  const on = flags.isSet("oci-worker-gc") ? flags.bool("oci-worker-gc") : (read.boolean(oci, "gc") ?? true);
  const rules = read.tables(oci, "gcpolicy");
  const asked = flags.isSet("oci-worker-gc-keepstorage")
    ? roomOfFlag(flags.string("oci-worker-gc-keepstorage"))
    : roomOfTable(oci);
  const unset = asked.reserved === undefined && asked.free === undefined && asked.most === undefined;
  return {
    on,
    configured: rules.length > 0 || !unset,
    policies(root) {
      if (!on) return [];
      const total = diskSize(root);
      if (rules.length > 0) return rules.map((rule) => policyOf(rule, total));
      return defaultPolicies(unset ? defaultRoom(total) : asked, total);
    },
  };
}

/** `Reserved[,Free[,Maximum]]` in megabytes. */
function roomOfFlag(text: string): Room {
  const [reserved, free, most] = text.split(",").map((part): DiskSpace => {
    if (!/^-?\d+$/.test(part))
      throw new CooperError("cli/bad-value", `failed to parse storage ${JSON.stringify(text)}`);
    return { kind: "bytes", bytes: Number(part) * 1e6 };
  });
  return { reserved, free, most };
}

function roomOfTable(oci: Config): Room {
  const room = {
    reserved: diskSpace(oci.reservedSpace, "worker.oci.reservedSpace"),
    free: diskSpace(oci.minFreeSpace, "worker.oci.minFreeSpace"),
    most: diskSpace(oci.maxUsedSpace, "worker.oci.maxUsedSpace"),
  };
  if (room.reserved ?? room.free ?? room.most) return room;
  return { ...room, reserved: diskSpace(oci.gckeepstorage, "worker.oci.gckeepstorage") };
}

/** Upstream's: a tenth of the disk is ours, up to 10 GB; most is four fifths, up to 100 GB; a fifth is to stay free. */
function defaultRoom(total: number): Room {
  const atMost = (percent: number, bytes: number): DiskSpace => {
    const part: DiskSpace = { kind: "percent", percent };
    return bytesOf(part, total) > bytes ? { kind: "bytes", bytes } : part;
  };
  return { reserved: atMost(10, 10e9), free: { kind: "percent", percent: 20 }, most: atMost(80, 100e9) };
}

/** Upstream's four rules: what is easily made again goes first, then what is old, then anything, then even what is ours. */
function defaultPolicies(room: Room, total: number): readonly GcPolicy[] {
  const limits = {
    reservedSpace: bytesOf(room.reserved, total),
    maxUsedSpace: bytesOf(room.most, total),
    minFreeSpace: bytesOf(room.free, total),
  };
  const hour = 3_600_000;
  const none = { all: false, filters: [], keepDuration: 0 };
  const easy = ["type==source.local", "type==exec.cachemount", "type==source.git.checkout"];
  return [
    { ...none, filters: easy, keepDuration: 48 * hour, reservedSpace: 0, maxUsedSpace: 512e6, minFreeSpace: 0 },
    { ...none, keepDuration: 60 * 24 * hour, ...limits },
    { ...none, ...limits },
    { ...none, all: true, ...limits },
  ];
}

/** `keepBytes` is the old word for `reservedSpace`. */
function policyOf(rule: Config, total: number): GcPolicy {
  const space = (key: string) => diskSpace(rule[key], `worker.oci.gcpolicy.${key}`);
  return {
    all: read.boolean(rule, "all") ?? false,
    filters: read.strings(rule, "filters") ?? [],
    keepDuration: duration(rule.keepDuration, "worker.oci.gcpolicy.keepDuration"),
    reservedSpace: bytesOf(space("reservedSpace") ?? space("keepBytes"), total),
    maxUsedSpace: bytesOf(space("maxUsedSpace"), total),
    minFreeSpace: bytesOf(space("minFreeSpace"), total),
  };
}

/** Of the disk that the root is on, or will be. */
function diskSize(root: string): number {
  try {
    const { bsize, blocks } = statfsSync(root);
    return bsize * blocks;
  } catch {
    return root === dirname(root) ? 0 : diskSize(dirname(root));
  }
}
