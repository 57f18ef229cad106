import type { CooperError } from "../../kit/index.ts";
import type { CommandStep, Place, Plugin } from "../contract.ts";
import type { Json, JsonObject } from "../kube/json.ts";
import type { Path } from "../kube/normalise.ts";
import type { PodSecurityLevel } from "../kube/pod-security.ts";
import type { PodApi } from "../kube/schema.ts";
import type { Value } from "../yaml/value.ts";

/** What a rule knows of the surroundings. */
export interface LintSettings {
  readonly api: PodApi;
  /** What the namespace admits; undefined: everything, `privileged`. */
  readonly podSecurity: PodSecurityLevel | undefined;
  /** Variables that are set when the pipeline is uploaded. */
  readonly variables: ReadonlySet<string>;
  /** Names of the pipeline's own `env`. */
  readonly pipelineEnv: ReadonlySet<string>;
}

/** One command step, with its pod when it has one. */
export interface StepUnderLint {
  readonly step: CommandStep;
  readonly kubernetes: KubernetesConfig | undefined;
  /** What the controller makes of its first job; undefined when nothing runs, or that depends on what only the cluster knows. */
  readonly rendered: RenderedPod | undefined;
}

export type RenderedPod =
  /** The pod's specification, in the API's normal form. */
  | { readonly kind: "pod"; readonly pod: JsonObject }
  /** The controller fails the job. */
  | { readonly kind: "refused"; readonly error: CooperError };

/** What a step gives to the kubernetes plugin. */
export interface KubernetesConfig {
  readonly plugin: Plugin;
  readonly config: Value;
  /** `config` as JSON. */
  readonly plain: JsonObject;
  /** Containers of podSpec with where they stand in `config`. */
  readonly containers: readonly ContainerUnderLint[];
  /** Where a path below the plugin's configuration stands in the file. */
  place(path: Path): Place;
}

export interface ContainerUnderLint {
  readonly list: "containers" | "initContainers" | "sidecars";
  readonly name: string;
  readonly path: Path;
  readonly plain: JsonObject;
}

export interface Finding {
  readonly place: Place;
  /** One sentence without full stop. */
  readonly message: string;
  readonly fix: string;
}

/** Something that goes wrong on Kubernetes though the pipeline is valid; one object per rule. */
export interface LintRule {
  /** Its name in reports; never changes. */
  readonly name: string;
  readonly severity: "error" | "warning";
  /** One sentence for the list of rules. */
  readonly about: string;
  check(subject: StepUnderLint, settings: LintSettings): readonly Finding[];
}

export type { Json, JsonObject };
