import type { UsageRecord } from "../../client/index.ts";
import { formatBytes } from "../progress/units.ts";
import { layOut } from "./tabs.ts";

/** One row each, as upstream's `du`. */
export function usageTable(records: readonly UsageRecord[]): string {
  const row = (record: UsageRecord) => {
    const id = `${record.id}${record.mutable ? "*" : ""}`.padEnd(71);
    const size = formatBytes(Number(record.size)) + (record.shared ? "*" : "");
    return [id, String(!record.inUse).padEnd(11), size, ""];
  };
  return layOut([["ID", "RECLAIMABLE", "SIZE", "LAST ACCESSED"], ...records.map(row)]);
}

/** Everything that is known of each. */
export function usageVerbose(records: readonly UsageRecord[]): string {
  const rows = records.flatMap((record) => {
    const lines: [string, string][] = [["ID", record.id]];
    if (record.parents.length > 0) lines.push(["Parents", record.parents.join(";")]);
    lines.push(["Created at", moment(record.createdAt)], ["Mutable", String(record.mutable)]);
    lines.push(["Reclaimable", String(!record.inUse)], ["Shared", String(record.shared)]);
    lines.push(["Size", formatBytes(Number(record.size))]);
    if (record.description !== "") lines.push(["Description", record.description]);
    lines.push(["Usage count", String(record.usageCount)]);
    if (record.lastUsedAt !== undefined) lines.push(["Last used", moment(record.lastUsedAt)]);
    if (record.recordType !== "") lines.push(["Type", record.recordType]);
    return [...lines.map(([name, value]) => [`${name}:`, value]), [""]];
  });
  return layOut(rows);
}

export function usageSummary(records: readonly UsageRecord[]): string {
  const sum = (list: readonly UsageRecord[]) => list.reduce((total, { size }) => total + Number(size), 0);
  return layOut([
    ["Reclaimable:", formatBytes(sum(records.filter((record) => !record.inUse)))],
    ["Total:", formatBytes(sum(records))],
  ]);
}

export function usageTotal(records: readonly UsageRecord[]): string {
  return layOut([["Total:", formatBytes(records.reduce((total, { size }) => total + Number(size), 0))]]);
}

/** Upstream's names and order in JSON. */
export function usageJson(record: UsageRecord) {
  return {
    id: record.id,
    mutable: record.mutable,
    inUse: record.inUse,
    size: Number(record.size),
    createdAt: iso(record.createdAt),
    lastUsedAt: record.lastUsedAt === undefined ? null : iso(record.lastUsedAt),
    usageCount: Number(record.usageCount),
    parents: record.parents.length === 0 ? null : record.parents,
    description: record.description,
    recordType: record.recordType,
    shared: record.shared,
  };
}

function iso(time: UsageRecord["createdAt"]): string {
  const seconds = Number(time?.seconds ?? 0n);
  const fraction = String(time?.nanos ?? 0)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return new Date(seconds * 1000).toISOString().replace(/\.000Z$/, `${fraction === "" ? "" : `.${fraction}`}Z`);
}

/** As Go prints a time. */
function moment(time: UsageRecord["createdAt"]): string {
  return `${iso(time).replace("T", " ").replace("Z", "")} +0000 UTC`;
}
