import { CooperError, formatGoDuration, goDuration } from "../../kit/index.ts";
import { isObject, type Json, type JsonObject } from "../kube/json.ts";
import { normalise, showPath } from "../kube/normalise.ts";
import { canonicalQuantity } from "../kube/quantity.ts";
import type { PodApi } from "../kube/schema.ts";
import { unknownFields } from "../kube/unknown-fields.ts";
import type { AgentConfig } from "./agent-config.ts";
import type { PodSpec, Volume } from "./container.ts";
import {
  type CheckoutParams,
  type CommandParams,
  checkInterposer,
  type Metadata,
  type ResourceClass,
  type SidecarParams,
} from "./params.ts";
import { settingProblem } from "./setting-bounds.ts";

/** The controller's configuration, as far as it shapes the Jobs. Names are those of its file. */
export interface ControllerConfig {
  readonly id: string;
  readonly image: string;
  readonly jobPrefix: string;
  readonly agentTokenSecret: string;
  readonly jobTtlSeconds: number;
  readonly jobActiveDeadlineSeconds: number;
  readonly terminationGracePeriodSeconds: number;
  readonly redactedVars: readonly string[];
  readonly workspaceVolume: Volume;
  readonly workspaceSubPathExpr: string;
  readonly agentConfig: AgentConfig | undefined;
  readonly checkout: CheckoutParams | undefined;
  readonly command: CommandParams | undefined;
  readonly sidecar: SidecarParams | undefined;
  readonly metadata: Metadata;
  readonly podSpecPatch: PodSpec | undefined;
  readonly pullPolicy: string;
  readonly imageCheckPullPolicy: string;
  readonly skipImageChecks: boolean;
  readonly imageCheckLimits: { readonly cpu: string; readonly memory: string };
  readonly prohibitPlugin: boolean;
  readonly allowUnsafeCommands: boolean;
  readonly resourceClasses: Readonly<Record<string, ResourceClass>> | undefined;
  readonly defaultResourceClass: string;
}

/** Release of agent-stack-k8s that the Jobs are those of, and the agent that it brings. */
export const stackVersion = "0.47.0";
export const agentVersion = "3.136.2";

/** What the controller has when its file says nothing. */
const defaults: JsonObject = {
  image: `ghcr.io/buildkite/agent:${agentVersion}`,
  "job-prefix": "buildkite-",
  "agent-token-secret": "buildkite-agent-token",
  namespace: "default",
  "job-ttl": "10m",
  "job-active-deadline-seconds": 21_600,
  "default-termination-grace-period-seconds": 60,
  "image-check-container-cpu-limit": "200m",
  "image-check-container-memory-limit": "128Mi",
  "pagination-page-size": 1000,
  "pagination-depth-limit": 2,
};

/**
 * Reads a controller's configuration, the parsed YAML of its file; keys that are not there keep the controller's defaults.
 * Throws `pipeline/controller-config` for unknown keys and wrong values, as the controller refuses to start with them.
 */
export function readControllerConfig(api: PodApi, file: Json = {}): ControllerConfig {
  if (!isObject(file ?? {})) throw refused("it is not a map of settings");
  const given = isObject(file) ? file : {};
  const unknown = unknownFields(api, "ControllerConfig", given)[0];
  if (unknown !== undefined) {
    const hint = unknown.meant === undefined ? undefined : `Did you mean ${unknown.meant}?`;
    throw refused(`it has no setting ${showPath(unknown.path)}`, hint);
  }
  const read = normalise(api, "ControllerConfig", { ...defaults, ...given });
  const settings = new Settings(read);
  const config = toConfig(settings);
  const problem = settingProblem(read);
  if (problem !== undefined) throw refused(problem);
  check(config);
  return config;
}

function toConfig(settings: Settings): ControllerConfig {
  return {
    id: settings.text("id"),
    image: settings.text("image"),
    jobPrefix: settings.text("job-prefix"),
    agentTokenSecret: settings.text("agent-token-secret"),
    jobTtlSeconds: Math.trunc(settings.duration("job-ttl") / 1e9),
    jobActiveDeadlineSeconds: settings.number("job-active-deadline-seconds"),
    terminationGracePeriodSeconds: settings.number("default-termination-grace-period-seconds"),
    redactedVars: settings.object<readonly string[]>("additional-redacted-vars") ?? [],
    workspaceVolume: settings.object<Volume>("workspace-volume") ?? { name: "workspace", emptyDir: {} },
    workspaceSubPathExpr: settings.text("workspace-mount-sub-path-expr"),
    agentConfig: agentConfig(settings.object<AgentConfig>("agent-config")),
    checkout: settings.object<CheckoutParams>("default-checkout-params"),
    command: settings.object<CommandParams>("default-command-params"),
    sidecar: settings.object<SidecarParams>("default-sidecar-params"),
    metadata: settings.object<Metadata>("default-metadata") ?? {},
    podSpecPatch: settings.object<PodSpec>("pod-spec-patch"),
    pullPolicy: settings.text("default-image-pull-policy"),
    imageCheckPullPolicy: settings.text("default-image-check-pull-policy"),
    skipImageChecks: settings.flag("skip-image-check-containers"),
    imageCheckLimits: {
      cpu: settings.text("image-check-container-cpu-limit"),
      memory: settings.text("image-check-container-memory-limit"),
    },
    prohibitPlugin: settings.flag("prohibit-kubernetes-plugin"),
    allowUnsafeCommands: settings.flag("allow-pod-spec-patch-unsafe-command-modification"),
    resourceClasses: settings.object<Readonly<Record<string, ResourceClass>>>("resource-classes"),
    defaultResourceClass: settings.text("default-resource-class-name"),
  };
}

/** Values in normal form, by key; the table said their kinds. */
class Settings {
  readonly #values: JsonObject;
  constructor(values: JsonObject) {
    this.#values = values;
  }
  text(key: string): string {
    return String(this.#values[key] ?? "");
  }
  number(key: string): number {
    return Number(this.#values[key] ?? 0);
  }
  flag(key: string): boolean {
    return this.#values[key] === true;
  }
  duration(key: string): number {
    return nanoseconds(key, this.#values[key] ?? 0);
  }
  object<T>(key: string): T | undefined {
    // The table's normal form has just the fields of T's type.
    return (this.#values[key] ?? undefined) as T | undefined;
  }
}

function nanoseconds(key: string, value: Json): number {
  const milliseconds = goDuration(String(value));
  const read = typeof value === "number" ? value : milliseconds && Math.round(milliseconds * 1e6);
  if (read === undefined) throw refused(`${key} is no duration: ${String(value)}`, "Write one as 90s, 10m or 1h30m.");
  return read;
}

function agentConfig(config: AgentConfig | undefined): AgentConfig | undefined {
  const timeout = config?.["container-start-timeout"];
  if (config === undefined || timeout === undefined) return config;
  return {
    ...config,
    "container-start-timeout": formatGoDuration(nanoseconds("agent-config.container-start-timeout", timeout)),
  };
}

function check(config: ControllerConfig): void {
  for (const [at, { path, volume }] of (config.agentConfig?.["additional-hooks"] ?? []).entries()) {
    if (!path) throw refused(`agent-config.additional-hooks[${at}].path is required`);
    if (volume === undefined) throw refused(`agent-config.additional-hooks[${at}].volume is required`);
    if (volume.name === "") throw refused(`agent-config.additional-hooks[${at}].volume.name is required`);
  }
  checkPatch(config);
  checkInterposer(config.command);
  canonicalQuantity(config.imageCheckLimits.cpu);
  canonicalQuantity(config.imageCheckLimits.memory);
  const { defaultResourceClass: name, resourceClasses: classes } = config;
  if (name !== "" && classes === undefined) {
    throw refused(`default-resource-class-name "${name}" specified but no resource-classes defined`);
  }
  if (name !== "" && classes?.[name] === undefined) {
    throw refused(`default-resource-class-name "${name}" not found in resource-classes`);
  }
}

function checkPatch({ podSpecPatch, allowUnsafeCommands }: ControllerConfig): void {
  for (const [at, { image = "", command = [], args = [] }] of (podSpecPatch?.containers ?? []).entries()) {
    if (image !== image.toLowerCase()) {
      throw refused(
        `invalid pod spec patch: container image for container at index ${at} contains uppercase letters: ${image}`,
      );
    }
    if (!allowUnsafeCommands && command.length + args.length > 0) {
      throw refused(
        `invalid pod spec patch: container at index ${at} (image: ${image}): modifying container commands or args via podSpecPatch is not supported`,
      );
    }
  }
}

function refused(why: string, hint?: string): CooperError {
  return new CooperError("pipeline/controller-config", `the controller's configuration is refused: ${why}`, { hint });
}
