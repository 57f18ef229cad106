import type { Json, JsonObject } from "../kube/json.ts";

export interface EnvVar extends JsonObject {
  readonly name: string;
  readonly value?: string;
}

export interface VolumeMount extends JsonObject {
  readonly name: string;
  readonly mountPath: string;
}

/** A container of a pod, as far as the controller looks into it. */
export interface Container extends JsonObject {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly Json[];
  readonly volumeMounts?: readonly VolumeMount[];
  readonly imagePullPolicy?: string;
}

export interface Volume extends JsonObject {
  readonly name: string;
}

/** A pod's specification, as far as the controller looks into it. */
export interface PodSpec extends JsonObject {
  readonly volumes?: readonly Volume[];
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: JsonObject;
}

export function withEnv(container: Container, ...variables: readonly EnvVar[]): Container {
  return { ...container, env: [...(container.env ?? []), ...variables] };
}

export function withEnvFrom(container: Container, sources: readonly Json[] | undefined): Container {
  return { ...container, envFrom: [...(container.envFrom ?? []), ...(sources ?? [])] };
}

export function withMounts(container: Container, ...mounts: readonly VolumeMount[]): Container {
  return { ...container, volumeMounts: [...(container.volumeMounts ?? []), ...mounts] };
}

/** Sets each variable that has a value: in its place where there is one of that name, else at the end. */
export function setEnv(container: Container, variables: readonly (readonly [string, string | undefined])[]): Container {
  const env = [...(container.env ?? [])];
  for (const [name, value] of variables) {
    if (value === undefined) continue;
    const at = env.findIndex((variable) => variable.name === name);
    const old = env[at];
    if (old === undefined) env.push({ name, value });
    else env[at] = { ...old, value };
  }
  return { ...container, env };
}

/** A container whose process is the step's command, run by the agent; told by its variable. */
export function isCommandContainer(container: Container): boolean {
  return (container.env ?? []).some((variable) => variable.name === "BUILDKITE_COMMAND");
}
