import type {
  AgentRules,
  CommandStep,
  EnvEntry,
  Permutation,
  Plugin,
  SecretEntry,
  SoftFail,
  StepCommon,
} from "../contract.ts";

/** The build that a pipeline belongs to: what Buildkite knows of it, and here git tells. */
export interface BuildContext {
  /** Always the same for the same repository, commit and number. */
  readonly id: string;
  readonly number: number;
  readonly branch: string;
  /** The full hash; empty outside of a repository. */
  readonly commit: string;
  readonly tag: string;
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly repository: string;
  readonly source: string;
  readonly pipelineSlug: string;
  readonly organizationSlug: string;
  readonly defaultBranch: string;
  /** Paths that differ from the default branch, for `if_changed`; undefined when that is not known. */
  readonly changedFiles?: readonly string[];
}

/** What runs, in which order: the pipeline with everything expanded. */
export interface Plan {
  readonly nodes: readonly PlanNode[];
}

/** A step of the plan. Its number is its place in `nodes`. */
export interface PlanNode {
  readonly number: number;
  readonly kind: "command" | "wait" | "block" | "input" | "trigger" | "unknown";
  readonly step: StepCommon;
  readonly key?: string;
  /** What to call it in logs. */
  readonly label: string;
  readonly group?: PlanGroup;
  /** What must have ended before it begins. */
  readonly needs: readonly Need[];
  /** Only of a command step. Empty: it is skipped, or its matrix is. */
  readonly jobs: readonly Job[];
  /** Why it does not take part, so that what depends on it need not wait. */
  readonly skipped?: SkipReason;
  /** A wait that lets the steps after it run whatever became of those before. */
  readonly continueOnFailure: boolean;
}
export interface PlanGroup {
  readonly number: number;
  readonly key?: string;
  readonly label: string;
}
export interface Need {
  /** Number of a node. */
  readonly node: number;
  /** Its failure is no reason not to run. */
  readonly allowFailure: boolean;
}
export interface SkipReason {
  readonly by: "skip" | "if" | "branches" | "if_changed" | "parallelism";
  /** One sentence for people. */
  readonly text: string;
}

/** One job: a command step with its matrix values put in, once for each parallel copy. */
export interface Job {
  /** Always the same for the same build and place in the pipeline. */
  readonly id: string;
  readonly step: CommandStep;
  /** The id of the step; jobs of one step share it. */
  readonly stepId: string;
  readonly label: string;
  readonly command: string;
  /** Of the pipeline, then of the step: later ones win. */
  readonly env: readonly EnvEntry[];
  readonly secrets: readonly SecretEntry[];
  readonly agents: AgentRules;
  /** The step's or the pipeline's; of command containers. */
  readonly image?: string;
  readonly plugins: readonly Plugin[];
  readonly artifactPaths: readonly string[];
  readonly softFail: SoftFail;
  readonly priority: number;
  readonly parallel?: { readonly index: number; readonly count: number };
  readonly matrix?: Permutation;
  /** A reason, possibly empty, when a matrix adjustment skips it. */
  readonly skip?: string;
}
