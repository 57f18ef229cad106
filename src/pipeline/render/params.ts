import { CooperError } from "../../kit/index.ts";
import type { Json, JsonObject } from "../kube/json.ts";
import type { Container, PodSpec, Volume, VolumeMount } from "./container.ts";
import { shellJoin } from "./shell-quote.ts";

/** Settings that the controller's configuration and the `kubernetes` plugin share. Fields are theirs. */
export interface SidecarParams extends JsonObject {
  readonly envFrom?: readonly Json[];
  readonly extraVolumeMounts?: readonly VolumeMount[];
}

export interface CommandParams extends SidecarParams {
  readonly interposer?: string;
}

export interface GitMirrors extends JsonObject {
  readonly path?: string;
  readonly volume?: Volume;
  readonly cloneFlags?: string;
  readonly lockTimeout?: number;
  readonly skipUpdate?: boolean;
}

export interface CheckoutParams extends SidecarParams {
  readonly skip?: boolean;
  readonly checkoutFlags?: string;
  readonly cleanFlags?: string;
  readonly cloneFlags?: string;
  readonly fetchFlags?: string;
  readonly noSubmodules?: boolean;
  readonly submoduleCloneConfig?: readonly string[];
  readonly gitMirrors?: GitMirrors;
  readonly gitCredentialsSecret?: JsonObject;
}

export interface Metadata extends JsonObject {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ResourceClass extends JsonObject {
  readonly resource?: JsonObject;
  readonly podResource?: JsonObject;
  readonly nodeSelector?: JsonObject;
}

export interface KubernetesPlugin extends JsonObject {
  readonly podSpec?: PodSpec;
  readonly podSpecPatch?: PodSpec;
  readonly podTemplate?: string;
  readonly gitEnvFrom?: readonly Json[];
  readonly sidecars?: readonly Container[];
  readonly metadata: Metadata;
  readonly extraVolumeMounts?: readonly VolumeMount[];
  readonly checkout?: CheckoutParams;
  readonly commandParams?: CommandParams;
  readonly sidecarParams?: SidecarParams;
  readonly jobActiveDeadlineSeconds?: number;
}

const interposers = ["", "buildkite", "vector", "legacy"];

/** Throws `pipeline/interposer` for a name that the controller does not know. */
export function checkInterposer(params: CommandParams | undefined): void {
  const { interposer = "" } = params ?? {};
  if (interposers.includes(interposer)) return;
  throw new CooperError(
    "pipeline/interposer",
    `invalid interposer "${interposer}", must be one of: ${interposers.filter((name) => name !== "").join(", ")}`,
  );
}

/** BUILDKITE_COMMAND for a container that has a command of its own; the plugin's interposer goes before the configuration's. */
export function interposedCommand(
  configured: CommandParams | undefined,
  plugin: CommandParams | undefined,
  command: readonly string[],
  args: readonly string[],
): string {
  const interposer = plugin?.interposer || configured?.interposer || "buildkite";
  if (interposer === "vector") return shellJoin([...command, ...args]);
  if (interposer === "legacy") return [...command, ...args].join(" ");
  const lines = command.join("\n");
  return args.length > 0 ? `${lines} ${shellJoin(args)}` : lines;
}
