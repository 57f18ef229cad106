import type { UsageRecord } from "../../client/index.ts";
import { formatBytes } from "../progress/units.ts";
import { timeText } from "./records.ts";
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
    lines.push(["Created at", timeText(record.createdAt)], ["Mutable", String(record.mutable)]);
    lines.push(["Reclaimable", String(!record.inUse)], ["Shared", String(record.shared)]);
    lines.push(["Size", formatBytes(Number(record.size))]);
    if (record.description !== "") lines.push(["Description", record.description]);
    lines.push(["Usage count", String(record.usageCount)]);
    if (record.lastUsedAt !== undefined) lines.push(["Last used", timeText(record.lastUsedAt)]);
    if (record.recordType !== "") lines.push(["Type", record.recordType]);
    return [...lines.map(([name, value]) => [`${name}:`, value]), [""]];
  });
  return layOut(rows);
}

export function usageSummary(records: readonly UsageRecord[]): string {
  const sum = (list: readonly UsageRecord[]) => list.reduce((total, { size }) => total + Number(size), 0);
  const [total, shared] = [sum(records), sum(records.filter((record) => record.shared))];
  const parts = [
    ["Shared:", formatBytes(shared)],
    ["Private:", formatBytes(total - shared)],
  ];
  return layOut([
    ...(shared > 0 ? parts : []),
    ["Reclaimable:", formatBytes(sum(records.filter((record) => !record.inUse)))],
    ["Total:", formatBytes(total)],
  ]);
}

export function usageTotal(records: readonly UsageRecord[]): string {
  return layOut([["Total:", formatBytes(records.reduce((total, { size }) => total + Number(size), 0))]]);
}
