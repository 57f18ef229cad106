import type { WorkerRecord } from "../../client/index.ts";
import { durationText } from "./records.ts";
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
    ...(dockerfileVersion === "" ? [] : [["Dockerfile:", dockerfileVersion]]),
    ["Labels:"],
    ...labels.map(([key, value]) => ["", `${key}:`, value]),
    ...deviceLines(record.cdiDevices),
    ...record.gcPolicy.flatMap(policyLines),
    [""],
  ]);
}

function deviceLines(devices: WorkerRecord["cdiDevices"]): string[][] {
  if (devices.length === 0) return [];
  const lines = devices.flatMap((device) => [
    ["", "Name:", device.name],
    ["", device.onDemand ? "OnDemand:" : "AutoAllow:", String(device.onDemand || device.autoAllow)],
    ...[...device.annotations].sort().map(([key, value]) => ["", "Annotations:", `${key}:`, value]),
  ]);
  return [["Devices:"], ...lines, [""]];
}

function policyLines(rule: WorkerRecord["gcPolicy"][number], at: number): string[][] {
  const size = (name: string, bytes: bigint) => (bytes > 0n ? [["", name, shortBytes(Number(bytes))]] : []);
  return [
    [`GC Policy rule#${at}:`],
    ["", "All:", String(rule.all)],
    ...(rule.filters.length > 0 ? [["", "Filters:", rule.filters.join(" ")]] : []),
    ...(rule.keepDuration > 0n ? [["", "Keep duration:", durationText(rule.keepDuration)]] : []),
    ...size("Reserved space:", rule.reservedSpace),
    ...size("Minimum free space:", rule.minFreeSpace),
    ...size("Maximum used space:", rule.maxUsedSpace),
  ];
}

/** Without zeros at the end, and without a limit of digits. */
function shortBytes(bytes: number): string {
  const suffixes = ["B", "kB", "MB", "GB", "TB", "PB"];
  const unit = Math.max(0, Math.min(suffixes.length - 1, Math.floor(Math.log10(bytes) / 3)));
  return `${bytes / 1000 ** unit}${suffixes[unit]}`;
}

function platformsOf({ platforms }: WorkerRecord): string {
  return platforms
    .map(({ os, architecture, variant }) => [os, architecture, variant].filter(Boolean).join("/"))
    .join(",");
}
