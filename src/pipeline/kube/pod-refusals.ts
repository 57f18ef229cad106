import { containerRefusals } from "./container-refusals.ts";
import { fieldRefusals } from "./field-refusals.ts";
import type { JsonObject } from "./json.ts";
import type { Path } from "./normalise.ts";
import { placementRefusals } from "./placement-refusals.ts";
import { entriesOf, type PodRefusal, textAt } from "./refusal.ts";
import { podResourceRefusals } from "./resource-refusals.ts";
import type { PodApi } from "./schema.ts";
import { securityRefusals } from "./security-refusals.ts";
import { volumeRefusals } from "./volume-refusals.ts";

/**
 * For what the API server (1.36) refuses a pod's specification, which is in normal form: single fields, references between its parts, amounts,
 * fields that exclude each other. Not all of its rules: those that a pipeline can break. What Pod Security says is apart
 * (`podSecurityViolations`).
 */
export function podRefusals(api: PodApi, pod: JsonObject): PodRefusal[] {
  const containers = [...entriesOf(pod, "initContainers", []), ...entriesOf(pod, "containers", [])];
  return [
    ...fieldRefusals(api, "PodSpec", pod),
    ...volumeRefusals(pod),
    ...duplicates(containers),
    ...containers.flatMap(({ entry, path }) => containerRefusals(entry, path, pod)),
    ...podResourceRefusals(pod),
    ...securityRefusals(pod),
    ...placementRefusals(pod),
  ];
}

function duplicates(containers: readonly { readonly entry: JsonObject; readonly path: Path }[]): PodRefusal[] {
  const names = containers.map(({ entry }) => textAt(entry, "name"));
  return containers.flatMap(({ path }, at): PodRefusal[] => {
    const name = names[at] ?? "";
    if (name === "" || !names.slice(0, at).includes(name)) return [];
    const text = `the pod has another container "${name}"`;
    return [{ kind: "duplicate-container", path: [...path, "name"], text, fix: "give it another name" }];
  });
}
