import type { PodTools } from "../../engine/index.ts";
import type { BuildContext } from "../expand/contract.ts";
import type { Person } from "./unblock.ts";

/** What a run of a pipeline on this machine is told. Paths are absolute. */
export interface RunOptions extends Person {
  readonly text: string;
  /** Name of the file, for messages. */
  readonly file: string;
  /** The working tree. */
  readonly folder: string;
  /** Steps get a clone of what is committed in it, instead of the tree itself. */
  readonly clean: boolean;
  readonly build: BuildContext;
  /** Variables that are set for the build, besides Buildkite's own; they win over the pipeline's. */
  readonly env: ReadonlyMap<string, string>;
  /** Variables of the caller, which interpolation and steps on this machine see. */
  readonly callerEnv: Readonly<Record<string, string>>;
  readonly interpolate: boolean;
  /** Only steps for this queue. */
  readonly queue?: string;
  /** Only steps of these keys (or labels), without what they depend on. Empty: all. */
  readonly only: readonly string[];
  /** How many jobs at once. */
  readonly parallel: number;
  readonly keepVolumes: readonly string[];
  readonly realImages: boolean;
  readonly network: "host" | "pod" | "none";
  readonly artifactsFolder: string;
  readonly secrets: ReadonlyMap<string, string>;
  /** Folders or files of config maps, secrets and claims by name. */
  readonly configMaps: ReadonlyMap<string, string>;
  readonly podSecrets: ReadonlyMap<string, string>;
  readonly claims: ReadonlyMap<string, string>;
  readonly seccompFolder: string;
  /** Milliseconds of a minute; a test's are shorter. */
  readonly minute: number;
  /** Opened when the first job needs it. */
  tools(): Promise<PodTools>;
  /** One line of a job's log, or of the run itself. */
  log(line: LogLine): void;
}
export interface LogLine {
  readonly kind: "job" | "note" | "warning";
  /** What is printed in front: the job's label. */
  readonly job?: string;
  readonly text: string;
}

export interface RunResult {
  readonly exitCode: number;
  readonly steps: readonly StepResult[];
  readonly artifacts: readonly {
    readonly path: string;
    /** Id of the job that made it. */
    readonly job: string;
    readonly size: number;
    readonly sha256: string;
  }[];
  readonly annotations: readonly { readonly context: string; readonly style: string; readonly body: string }[];
}
export interface StepResult {
  readonly key?: string;
  readonly label: string;
  readonly kind: string;
  readonly state: StepState;
  /** Why it did not run, or what failed besides its exit code. */
  readonly reason?: string;
  readonly jobs: readonly JobResult[];
  /** Of a command step: whether a person may run it again, which here one always may. */
  readonly manualRetry?: { readonly allowed: boolean; readonly permitOnPassed: boolean; readonly reason?: string };
}
/** `broken`: something that it depends on failed. */
export type StepState = "passed" | "failed" | "soft_failed" | "skipped" | "broken" | "blocked" | "canceled";
export interface JobResult {
  readonly id: string;
  readonly label: string;
  readonly state: StepState;
  readonly exitCode: number;
  /** How often it was run. */
  readonly attempts: number;
  readonly seconds: number;
  readonly reason?: string;
}

/** How one run of a job ended. */
export interface Attempt {
  readonly exitCode: number;
  /** Name without SIG, in lower case, when a signal ended it. */
  readonly signal?: string;
  /** Buildkite's `signal_reason`. */
  readonly signalReason: "none" | "cancel" | "process_run_error";
  readonly timedOut: boolean;
  readonly reason?: string;
}
