import { CooperError } from "../../kit/index.ts";
import { isObject, type Json, type JsonObject } from "../kube/json.ts";
import { type Container, isCommandContainer, type PodSpec } from "./container.ts";
import type { ControllerConfig } from "./controller-config.ts";
import type { ResourceClass } from "./params.ts";

/**
 * The pod with the resources and the node selector of the class that the tag `resource_class` names, or of the default class.
 * Throws `pipeline/resource-class` for one that the configuration does not have.
 */
export function withResourceClass(config: ControllerConfig, pod: PodSpec, tag: string | undefined): PodSpec {
  const name = tag ?? config.defaultResourceClass;
  if (tag === undefined && name === "") return pod;
  if (config.resourceClasses === undefined) {
    throw new CooperError(
      "pipeline/resource-class",
      "resource classes not configured but resource_class tag specified",
      {
        hint: "Classes stand in the controller's configuration: give its file with --config.",
      },
    );
  }
  const found = config.resourceClasses[name];
  if (found === undefined) throw new CooperError("pipeline/resource-class", `resource class not found: ${name}`);
  return applyClass(pod, found);
}

function applyClass(pod: PodSpec, { resource, podResource, nodeSelector }: ResourceClass): PodSpec {
  const containers = pod.containers.map((container): Container => {
    if (resource === undefined || !isCommandContainer(container)) return container;
    return { ...container, resources: mergeResources(container.resources, resource) };
  });
  return {
    ...pod,
    containers,
    ...(nodeSelector && { nodeSelector: mergeNames(pod.nodeSelector, nodeSelector) }),
    ...(podResource && { resources: mergeResources(pod.resources, podResource) }),
  };
}

function mergeResources(before: Json | undefined, more: JsonObject): JsonObject {
  const old = isObject(before) ? before : {};
  return {
    ...old,
    requests: mergeNames(old.requests, more.requests),
    limits: mergeNames(old.limits, more.limits),
  };
}

function mergeNames(before: Json | undefined, more: Json | undefined): JsonObject {
  return { ...(isObject(before) ? before : {}), ...(isObject(more) ? more : {}) };
}
