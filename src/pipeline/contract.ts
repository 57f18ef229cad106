import type { Place } from "./problems.ts";
import type { MapValue, Value } from "./yaml/value.ts";

/** A pipeline as it stands in its file: typed, with places, nothing expanded yet. Fields that are absent were not stated. */
export interface Pipeline {
  readonly steps: readonly PipelineStep[];
  readonly env: readonly EnvEntry[];
  readonly agents?: AgentRules;
  /** Image of command containers of all steps that do not say one. */
  readonly image?: Located<string>;
  readonly secrets: readonly SecretEntry[];
  readonly priority?: number;
  readonly notify?: Value;
  readonly checkout?: Value;
}

export interface Located<T> {
  readonly value: T;
  readonly place: Place;
}
export interface EnvEntry {
  readonly name: string;
  readonly value: string;
  readonly place: Place;
}
/** An environment variable that gets its value from a secret. */
export interface SecretEntry {
  readonly name: string;
  readonly secret: string;
  readonly place: Place;
}
/** What an agent must be tagged with; `queue` names the queue. */
export type AgentRules = ReadonlyMap<string, string>;

export type PipelineStep = CommandStep | WaitStep | BlockStep | TriggerStep | GroupStep | UnknownStep;

export interface StepCommon {
  readonly place: Place;
  readonly key?: Located<string>;
  readonly label?: Located<string>;
  readonly if?: Located<string>;
  readonly branches?: Located<string>;
  /** Undefined: not stated. Empty: depends on nothing, not even on the `wait` above. */
  readonly dependsOn?: readonly Dependency[];
  readonly allowDependencyFailure: boolean;
  readonly notify?: Value;
  /** The step as it stands in the file, interpolated; a text when it is one word. */
  readonly raw: Value;
}
export interface Dependency {
  readonly step: string;
  readonly allowFailure: boolean;
  readonly place: Place;
}

export interface CommandStep extends StepCommon {
  readonly kind: "command";
  /** Lines of all commands. Empty: the step has plugins only. */
  readonly command: string;
  readonly commandPlace: Place;
  readonly env: readonly EnvEntry[];
  readonly agents?: AgentRules;
  readonly image?: Located<string>;
  readonly plugins: readonly Plugin[];
  readonly secrets: readonly SecretEntry[];
  readonly artifactPaths: readonly Located<string>[];
  /** Globs of changed files; without one that fits the step is skipped. */
  readonly ifChanged?: {
    readonly include: readonly string[];
    readonly exclude: readonly string[];
    readonly place: Place;
  };
  readonly parallelism?: Located<number>;
  readonly matrix?: Matrix;
  readonly retry: Retry;
  readonly softFail: SoftFail;
  /** A reason, possibly empty, when the step is skipped. */
  readonly skip?: string;
  readonly timeoutInMinutes?: number;
  readonly concurrency?: {
    readonly limit: number;
    readonly group: string;
    readonly method: "ordered" | "eager";
    readonly place: Place;
  };
  readonly priority: number;
  readonly cancelOnBuildFailing: boolean;
  readonly checkout?: Value;
  readonly cache?: Value;
  readonly signature?: Value;
}

export interface WaitStep extends StepCommon {
  readonly kind: "wait";
  readonly continueOnFailure: boolean;
}
/** Also `input`, which does not hold up the steps after it. */
export interface BlockStep extends StepCommon {
  readonly kind: "block" | "input";
  readonly prompt?: string;
  readonly fields?: Value;
  readonly blockedState?: string;
}
export interface TriggerStep extends StepCommon {
  readonly kind: "trigger";
  readonly pipeline: string;
  readonly build?: Value;
  readonly async: boolean;
  readonly softFail: SoftFail;
  readonly skip?: string;
}
export interface GroupStep extends StepCommon {
  readonly kind: "group";
  readonly steps: readonly PipelineStep[];
  readonly skip?: string;
}
/** Kept, with a warning: it can never run. */
export interface UnknownStep extends StepCommon {
  readonly kind: "unknown";
}

export interface Plugin {
  /** As it is written: `kubernetes`, `docker-login#v3`, `./path`. */
  readonly name: string;
  /** Canonical: `github.com/buildkite-plugins/kubernetes-buildkite-plugin`. */
  readonly source: string;
  /** Null when there is none. */
  readonly config: Value;
  readonly place: Place;
}

export interface Matrix {
  /** Values by dimension; the one without name is `{{matrix}}`. */
  readonly setup: ReadonlyMap<string, readonly string[]>;
  readonly adjustments: readonly MatrixAdjustment[];
  readonly place: Place;
}
export interface MatrixAdjustment {
  readonly with: ReadonlyMap<string, string>;
  readonly skip?: string;
  readonly softFail?: SoftFail;
  readonly place: Place;
}
/** One choice of a matrix: a value for each dimension. */
export type Permutation = ReadonlyMap<string, string>;

export interface Retry {
  /** The first rule that fits decides. */
  readonly automatic: readonly RetryRule[];
  readonly manual: { readonly allowed: boolean; readonly permitOnPassed: boolean; readonly reason?: string };
}
export interface RetryRule {
  /** Undefined: any failure. */
  readonly exitStatus?: readonly (number | "*")[];
  /** Without `SIG`, in lower case; `*` any, `none` no signal. */
  readonly signal?: string;
  readonly signalReason?: string;
  /** How often this rule may retry a job. */
  readonly limit: number;
}
export type SoftFail = boolean | readonly (number | "*")[];

export type { MapValue, Place, Value };
