import type { BuildHistoryEvent, BuildkitVersion, UsageRecord, WorkerRecord } from "../../client/index.ts";
import { goMessage } from "../template/message.ts";
import { GoStruct, type GoValue, goField } from "../template/value.ts";

/** What a daemon answers, as upstream's client has it in Go: what templates name, and what JSON shows. */

type Time = UsageRecord["createdAt"];

export function usageValue(record: UsageRecord): GoStruct {
  return new GoStruct("*client.UsageInfo", [
    goField("ID", "id", record.id),
    goField("Mutable", "mutable", record.mutable),
    goField("InUse", "inUse", record.inUse),
    goField("Size", "size", record.size),
    goField("CreatedAt", "createdAt", timeValue(record.createdAt)),
    goField("LastUsedAt", "lastUsedAt", record.lastUsedAt === undefined ? null : timeValue(record.lastUsedAt)),
    goField("UsageCount", "usageCount", Number(record.usageCount)),
    goField("Parents", "parents", listOrNil(record.parents)),
    goField("Description", "description", record.description),
    goField("RecordType", "recordType", record.recordType),
    goField("Shared", "shared", record.shared),
  ]);
}

export function workerValue(record: WorkerRecord): GoStruct {
  return new GoStruct("*client.WorkerInfo", [
    goField("ID", "id", record.id),
    goField("Labels", "labels", record.labels),
    goField("Platforms", "platforms", record.platforms.map(platformValue)),
    goField("GCPolicy", "gcPolicy", record.gcPolicy.map(policyValue)),
    goField("BuildkitVersion", "buildkitVersion", versionValue(record.buildkitVersion)),
    goField("CDIDevices", "cdiDevices", record.cdiDevices.length === 0 ? null : record.cdiDevices.map(deviceValue)),
  ]);
}

export function infoValue(version: BuildkitVersion | undefined): GoStruct {
  return new GoStruct("*client.Info", [goField("BuildkitVersion", "buildkitVersion", versionValue(version))]);
}

export function historyValue(event: BuildHistoryEvent): GoStruct {
  const enums = { "BuildHistoryEvent.type": eventTypes };
  return goMessage(event.type, event.value, { enums, underscored: new Set(["mediaType"]) });
}

/** Kinds of events by number. */
export const eventTypes = ["STARTED", "COMPLETE", "DELETED"] as const;

function platformValue({ architecture, os, osVersion, osFeatures, variant }: WorkerRecord["platforms"][number]) {
  return new GoStruct("v1.Platform", [
    goField("Architecture", "architecture", architecture),
    goField("OS", "os", os),
    goField("OSVersion", "os.version,omitempty", osVersion),
    goField("OSFeatures", "os.features,omitempty", osFeatures),
    goField("Variant", "variant,omitempty", variant),
  ]);
}

function policyValue(rule: WorkerRecord["gcPolicy"][number]) {
  return new GoStruct("client.PruneInfo", [
    goField("All", "all", rule.all),
    goField("Filter", "filter", listOrNil(rule.filters)),
    goField("KeepDuration", "keepDuration", durationValue(rule.keepDuration)),
    goField("ReservedSpace", "reservedSpace", rule.reservedSpace),
    goField("MaxUsedSpace", "maxUsedSpace", rule.maxUsedSpace),
    goField("MinFreeSpace", "minFreeSpace", rule.minFreeSpace),
  ]);
}

function deviceValue(device: WorkerRecord["cdiDevices"][number]) {
  return new GoStruct("client.CDIDevice", [
    goField("Name", "name", device.name),
    goField("AutoAllow", "autoAllow", device.autoAllow),
    goField("Annotations", "annotations", device.annotations),
    goField("OnDemand", "onDemand", device.onDemand),
  ]);
}

function versionValue(version: BuildkitVersion | undefined) {
  return new GoStruct("client.BuildkitVersion", [
    goField("Package", "package", version?.package ?? ""),
    goField("Version", "version", version?.version ?? ""),
    goField("Revision", "revision", version?.revision ?? ""),
    goField("DockerfileVersion", "dockerfileVersion,omitempty", version?.dockerfileVersion ?? ""),
  ]);
}

function listOrNil(list: readonly string[]): GoValue {
  return list.length === 0 ? null : list;
}

function durationValue(nanoseconds: bigint): GoStruct {
  return new GoStruct("time.Duration", [], { text: durationText(nanoseconds), json: nanoseconds });
}

function timeValue(time: Time): GoStruct {
  return new GoStruct("time.Time", [], { text: timeText(time), json: timeJson(time) });
}

/** `48h0m0s`, as Go prints a duration of whole seconds; smaller ones with a fraction. */
export function durationText(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return "0s";
  const seconds = Number(nanoseconds) / 1e9;
  if (seconds < 1) return `${seconds * 1000}ms`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

/** To the nanosecond, without zeros at the end. */
function timeJson(time: Time): string {
  const fraction = String(time?.nanos ?? 0)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const whole = new Date(Number(time?.seconds ?? 0n) * 1000).toISOString().slice(0, 19);
  return `${whole}${fraction === "" ? "" : `.${fraction}`}Z`;
}

/** As Go prints a time. */
export function timeText(time: Time): string {
  return `${timeJson(time).replace("T", " ").replace("Z", "")} +0000 UTC`;
}
