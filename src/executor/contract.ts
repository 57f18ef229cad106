import type { Scope } from "../kit/index.ts";

/** A mount into the step, beside those that every step gets (proc, sys, dev, …). The caller prepared `source` and cleans it up. */
export type StepMount =
  | {
      readonly kind: "bind";
      readonly source: string;
      readonly target: string;
      readonly readonly: boolean;
      /** More mount options (`nosuid`, `nodev`, `noexec`). */
      readonly options?: readonly string[];
    }
  | { readonly kind: "tmpfs"; readonly target: string; readonly sizeBytes?: number };

/** One process to run in a root file system. Fields mean what LLB's `Meta` and `ExecOp` mean. */
export interface Step {
  /** A mounted, writable (unless `readonlyRootfs`) tree on this machine. */
  readonly rootfs: string;
  readonly readonlyRootfs: boolean;
  readonly mounts: readonly StepMount[];
  readonly args: readonly string[];
  /** `NAME=value`, final. */
  readonly env: readonly string[];
  readonly cwd: string;
  /** `user`, `uid`, `user:group`, …; names are looked up in the rootfs's /etc/passwd and /etc/group. Empty: root. */
  readonly user: string;
  readonly hostname: string;
  readonly network: "sandbox" | "host" | "none";
  readonly security: "sandbox" | "insecure";
  readonly extraHosts: readonly { readonly host: string; readonly ip: string }[];
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly cgroupParent: string;
  readonly devices: readonly { readonly path: string }[];
  readonly limits?: {
    readonly memoryBytes?: number;
    /** Memory and swap together; -1: no limit. */
    readonly memorySwapBytes?: number;
    readonly cpuShares?: number;
    /** Microseconds of CPU per `cpuPeriod` microseconds. */
    readonly cpuQuota?: number;
    readonly cpuPeriod?: number;
    readonly cpusetCpus?: string;
    readonly cpusetMems?: string;
    readonly pids?: number;
  };
  /** Remove files that only exist as mount points for this step (upstream's RemoveMountStubsRecursive). */
  readonly removeMountStubs: boolean;
}

/** Output as it comes. `stream`: 1 standard output, 2 standard error. */
export type StepOutput = (stream: 1 | 2, chunk: Uint8Array) => void;

export interface StepResult {
  readonly exitCode: number;
}

/** Runs steps. One per process; made by `createExecutor`, which probes what works here. */
export interface Executor extends AsyncDisposable {
  /** What it found and chose, for the progress and for errors: e.g. "runc 1.1.5 (/usr/sbin/runc)". */
  readonly description: string;
  /**
   * Runs to the end and resolves with the exit code, whatever it is (128+n for a signal). Rejects `executor/cancelled` when the
   * scope ends (the whole container is gone by then), `executor/no-runtime`, `executor/no-permission`, `executor/start-failed`.
   */
  run(step: Step, output: StepOutput, scope: Scope): Promise<StepResult>;
}
