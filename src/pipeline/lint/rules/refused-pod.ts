import { messageOf } from "../../../kit/index.ts";
import { isObject } from "../../kube/json.ts";
import { labelRefusals } from "../../kube/placement-refusals.ts";
import { podRefusals } from "../../kube/pod-refusals.ts";
import type { PodRefusal } from "../../kube/refusal.ts";
import type { Finding, JsonObject, KubernetesConfig, LintRule, LintSettings, StepUnderLint } from "../contract.ts";
import { sourceOf } from "../rendered-pod.ts";
import { maps, podOf } from "../subjects.ts";
import { imageReference } from "./images.ts";
import { fieldKind } from "./pod-fields.ts";

export const controllerRefuses: LintRule = {
  name: "controller-refuses",
  severity: "error",
  about: "The controller fails the job instead of creating a pod for it.",
  check(subject, settings) {
    const { kubernetes, rendered } = subject;
    if (kubernetes === undefined || rendered?.kind !== "refused") return [];
    // These two know the place.
    if ([fieldKind, imageReference].some((rule) => rule.check(subject, settings).length > 0)) return [];
    const { error } = rendered;
    return [
      { place: kubernetes.place([]), message: messageOf(error), fix: error.hint ?? "change the plugin's settings" },
    ];
  },
};

export const missingVolume: LintRule = {
  name: "missing-volume",
  severity: "error",
  about: "A mount of a volume that the pod does not have: the API server refuses the Job.",
  check: (subject, settings) => findings(subject, settings, "missing-volume"),
};

export const reservedVolume: LintRule = {
  name: "reserved-volume",
  severity: "error",
  about: "Two volumes of one name, or one named like the controller's own: the API server refuses the Job.",
  check(subject, settings) {
    const { kubernetes } = subject;
    return findings(subject, settings, "duplicate-volume").map((finding) => {
      const name = /"(.*)"/.exec(finding.message)?.[1];
      const volumes = kubernetes === undefined ? [] : maps(podOf(kubernetes).volumes);
      const own = volumes.filter(([, volume]) => volume.name === name).length < 2;
      return own ? { ...finding, message: `the controller adds a volume "${name}" of its own` } : finding;
    });
  },
};

export const reservedContainer: LintRule = {
  name: "reserved-container",
  severity: "error",
  about: "Two containers of one name, or one named like the controller's own: the API server refuses the Job.",
  check: (subject, settings) => findings(subject, settings, "duplicate-container"),
};

export const invalidPod: LintRule = {
  name: "invalid-pod",
  severity: "error",
  about: "The API server refuses the Job: a name, an amount, or fields that exclude each other.",
  check(subject, settings) {
    const named = imageReference.check(subject, settings).length > 0;
    return [
      ...(named ? [] : findings(subject, settings, "no-image")),
      ...findings(subject, settings, "invalid"),
      ...metadataFindings(subject),
    ];
  },
};

function metadataFindings({ kubernetes }: StepUnderLint): Finding[] {
  const metadata = kubernetes?.plain.metadata;
  if (kubernetes === undefined || !isObject(metadata)) return [];
  const given = (name: string) => (isObject(metadata[name]) ? metadata[name] : {});
  const names = Object.fromEntries(Object.keys(given("annotations")).map((name) => [name.toLowerCase(), ""]));
  return [
    ...labelRefusals(given("labels"), ["metadata", "labels"]),
    ...labelRefusals(names, ["metadata", "annotations"]),
  ].map(({ path, text, fix }) => ({ place: kubernetes.place(path), message: text, fix }));
}

function findings({ kubernetes, rendered }: StepUnderLint, { api }: LintSettings, kind: PodRefusal["kind"]): Finding[] {
  if (kubernetes === undefined || rendered?.kind !== "pod") return [];
  const { pod } = rendered;
  const all = podRefusals(api, pod).filter((refusal) => refusal.kind === kind);
  const found = all.map((refusal) => findingOf(refusal, kubernetes, pod));
  // What all containers get is wrong once.
  return found.filter(({ place }, at) => found.findIndex((one) => same(one.place, place)) === at);
}

function same(a: Finding["place"], b: Finding["place"]): boolean {
  return a.line === b.line && a.column === b.column;
}

function findingOf({ path, text, fix }: PodRefusal, kubernetes: KubernetesConfig, pod: JsonObject): Finding {
  const source = sourceOf(kubernetes, pod, path);
  return { place: kubernetes.place(source ?? []), message: text, fix };
}
