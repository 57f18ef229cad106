import type { SeccompProfile } from "./seccomp.ts";

/** The part of the OCI runtime spec (config.json, 1.1) that Cooper writes. */
export interface RuntimeSpec {
  readonly ociVersion: string;
  readonly process: SpecProcess;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly hostname: string;
  readonly mounts: readonly SpecMount[];
  readonly hooks?: Readonly<Record<string, readonly SpecHook[]>>;
  readonly linux: {
    readonly maskedPaths: readonly string[];
    readonly readonlyPaths: readonly string[];
    readonly cgroupsPath?: string;
    readonly namespaces: readonly { readonly type: NamespaceType; readonly path?: string }[];
    readonly devices?: readonly SpecDevice[];
    readonly resources: SpecResources;
    readonly seccomp?: SeccompProfile;
  };
}
export interface SpecProcess {
  readonly terminal: boolean;
  readonly consoleSize?: { readonly height: number; readonly width: number };
  readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids: readonly number[] };
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: Readonly<Record<CapabilitySet, readonly string[]>>;
  readonly rlimits?: readonly { readonly type: string; readonly soft: number; readonly hard: number }[];
  readonly noNewPrivileges: boolean;
  readonly oomScoreAdj?: number;
}
export type CapabilitySet = "bounding" | "permitted" | "effective" | "inheritable" | "ambient";
export type NamespaceType = "pid" | "ipc" | "uts" | "mount" | "network" | "cgroup";

export interface SpecHook {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly timeout?: number;
}

export interface SpecMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}
export interface SpecDevice {
  readonly path: string;
  readonly type: "c" | "b";
  readonly major: number;
  readonly minor: number;
  readonly fileMode?: number;
  readonly uid?: number;
  readonly gid?: number;
}
export interface DeviceRule {
  readonly allow: boolean;
  readonly access: string;
  readonly type?: "c" | "b";
  readonly major?: number;
  readonly minor?: number;
}
export interface SpecResources {
  readonly devices: readonly DeviceRule[];
  readonly memory?: { readonly limit?: number; readonly swap?: number };
  readonly cpu?: {
    readonly quota?: number;
    readonly period?: number;
    readonly shares?: number;
    readonly cpus?: string;
    readonly mems?: string;
  };
  readonly pids?: { readonly limit: number };
}
