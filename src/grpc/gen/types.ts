// Generated from src/grpc/proto/types.proto by tools/proto.ts; do not edit.

import { field, type MessageType, pb as llb } from "../../wire/index.ts";

export interface WorkerRecord {
  readonly id: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly platforms: readonly llb.Platform[];
  readonly gcPolicy: readonly GCPolicy[];
  readonly buildkitVersion?: BuildkitVersion;
  readonly cdiDevices: readonly CDIDevice[];
}
export const WorkerRecord: MessageType<WorkerRecord> = {
  name: "moby.buildkit.v1.types.WorkerRecord",
  fields: [
    field(1, "id", "string", "one", "ID"),
    field(2, "labels", "string", "map", "Labels"),
    field(3, "platforms", () => llb.Platform, "list"),
    field(4, "gcPolicy", () => GCPolicy, "list", "GCPolicy"),
    field(5, "buildkitVersion", () => BuildkitVersion, "one", "BuildkitVersion"),
    field(6, "cdiDevices", () => CDIDevice, "list", "CDIDevices"),
  ],
};

export interface CDIDevice {
  readonly name: string;
  readonly autoAllow: boolean;
  readonly annotations: ReadonlyMap<string, string>;
  readonly onDemand: boolean;
}
export const CDIDevice: MessageType<CDIDevice> = {
  name: "moby.buildkit.v1.types.CDIDevice",
  fields: [
    field(1, "name", "string", "one", "Name"),
    field(2, "autoAllow", "bool", "one", "AutoAllow"),
    field(3, "annotations", "string", "map", "Annotations"),
    field(4, "onDemand", "bool", "one", "OnDemand"),
  ],
};

export interface GCPolicy {
  readonly all: boolean;
  readonly keepDuration: bigint;
  readonly reservedSpace: bigint;
  readonly filters: readonly string[];
  readonly maxUsedSpace: bigint;
  readonly minFreeSpace: bigint;
}
export const GCPolicy: MessageType<GCPolicy> = {
  name: "moby.buildkit.v1.types.GCPolicy",
  fields: [
    field(1, "all", "bool"),
    field(2, "keepDuration", "int64"),
    field(3, "reservedSpace", "int64"),
    field(4, "filters", "string", "list"),
    field(5, "maxUsedSpace", "int64"),
    field(6, "minFreeSpace", "int64"),
  ],
};

export interface BuildkitVersion {
  readonly package: string;
  readonly version: string;
  readonly revision: string;
  readonly dockerfileVersion: string;
}
export const BuildkitVersion: MessageType<BuildkitVersion> = {
  name: "moby.buildkit.v1.types.BuildkitVersion",
  fields: [
    field(1, "package", "string"),
    field(2, "version", "string"),
    field(3, "revision", "string"),
    field(4, "dockerfileVersion", "string"),
  ],
};
