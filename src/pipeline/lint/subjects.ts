import type { CommandStep, Pipeline, PipelineStep } from "../contract.ts";
import { isObject, type Json, type JsonObject } from "../kube/json.ts";
import { isKubernetesPlugin } from "../steps/plugins.ts";
import { placeOn, toPlain } from "../yaml/value.ts";
import type { ContainerUnderLint, KubernetesConfig, StepUnderLint } from "./contract.ts";

/** The command steps of a pipeline, those of groups too, each as the controller renders it. */
export function subjectsOf(
  pipeline: Pipeline,
  render: (step: CommandStep) => StepUnderLint["rendered"],
): StepUnderLint[] {
  return commandSteps(pipeline.steps).map((step) => ({
    step,
    kubernetes: kubernetesOf(step),
    rendered: render(step),
  }));
}

function commandSteps(steps: readonly PipelineStep[]): CommandStep[] {
  return steps.flatMap((step) => {
    if (step.kind === "group") return commandSteps(step.steps);
    return step.kind === "command" ? [step] : [];
  });
}

function kubernetesOf(step: CommandStep): KubernetesConfig | undefined {
  const plugin = step.plugins.find(isKubernetesPlugin);
  if (plugin === undefined) return undefined;
  // A YAML value without tags is JSON.
  const json = toPlain(plugin.config) as Json;
  const plain = isObject(json) ? json : {};
  return {
    plugin,
    config: plugin.config,
    plain,
    containers: containersOf(plain),
    place: (path) => (path.length === 0 ? plugin.place : placeOn(plugin.config, path)),
  };
}

function containersOf(plain: JsonObject): ContainerUnderLint[] {
  const pod = isObject(plain.podSpec) ? plain.podSpec : {};
  return [
    ...listed(pod, "initContainers", ["podSpec"]),
    ...listed(pod, "containers", ["podSpec"]),
    ...listed(plain, "sidecars", []),
  ];
}

function listed(owner: JsonObject, list: ContainerUnderLint["list"], prefix: readonly string[]): ContainerUnderLint[] {
  const items = owner[list];
  if (!Array.isArray(items)) return [];
  const defaultName = list === "sidecars" ? "sidecar" : "container";
  return items.flatMap((plain: Json, at) => {
    if (!isObject(plain)) return [];
    const name = typeof plain.name === "string" ? plain.name : `${defaultName}-${at}`;
    return [{ list, name, path: [...prefix, list, at], plain }];
  });
}

/** The maps of a list, each with its index. */
export function maps(value: Json | undefined): (readonly [number, JsonObject])[] {
  if (!Array.isArray(value)) return [];
  return [...value.entries()].flatMap(([at, item]: [number, Json]) => (isObject(item) ? [[at, item] as const] : []));
}

export function podOf({ plain }: KubernetesConfig): JsonObject {
  return isObject(plain.podSpec) ? plain.podSpec : {};
}
