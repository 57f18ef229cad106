import type { WorkerRecord } from "../../client/index.ts";
import { layOut } from "./tabs.ts";

export function workersTable(records: readonly WorkerRecord[]): string {
  return layOut([["ID", "PLATFORMS"], ...records.map((record) => [record.id, platformsOf(record)])]);
}

/** Upstream's `debug workers -v`. */
export function workersVerbose(records: readonly WorkerRecord[]): string {
  return records.map(one).join("");
}

function one(record: WorkerRecord): string {
  const { package: name = "", version = "", revision = "", dockerfileVersion = "" } = record.buildkitVersion ?? {};
  const labels = [...record.labels].sort(([a], [b]) => (a < b ? -1 : 1));
  return layOut([
    ["ID:", record.id],
    ["Platforms:", platformsOf(record)],
    ["BuildKit:", `${name} ${version} ${revision}`],
    ["Dockerfile:", dockerfileVersion],
    ["Labels:"],
    ...labels.map(([key, value]) => ["", `${key}:`, value]),
    [""],
  ]);
}

/** Upstream's names and order in JSON. */
export function workersJson(record: WorkerRecord) {
  const { package: name = "", version = "", revision = "", dockerfileVersion = "" } = record.buildkitVersion ?? {};
  return {
    id: record.id,
    labels: Object.fromEntries([...record.labels].sort(([a], [b]) => (a < b ? -1 : 1))),
    platforms: record.platforms.map(({ architecture, os, variant }) => ({
      architecture,
      os,
      ...(variant !== "" && { variant }),
    })),
    gcPolicy: record.gcPolicy.map((rule) => ({
      all: rule.all,
      filter: rule.filters.length === 0 ? null : rule.filters,
      keepDuration: Number(rule.keepDuration),
      reservedSpace: Number(rule.reservedSpace),
      maxUsedSpace: Number(rule.maxUsedSpace),
      minFreeSpace: Number(rule.minFreeSpace),
    })),
    buildkitVersion: { package: name, version, revision, dockerfileVersion },
  };
}

function platformsOf({ platforms }: WorkerRecord): string {
  return platforms
    .map(({ os, architecture, variant }) => [os, architecture, variant].filter(Boolean).join("/"))
    .join(",");
}
