import type { ControllerConfig } from "./controller-config.ts";
import type { JobInput } from "./job.ts";
import type { KubernetesPlugin } from "./params.ts";

/** `k=v` rules as a map; what has no `=` is left out. */
export function tagMap(rules: readonly string[]): Map<string, string> {
  return new Map(
    rules.flatMap((rule) => {
      const at = rule.indexOf("=");
      return at < 0 ? [] : [[rule.slice(0, at), rule.slice(at + 1)] as const];
    }),
  );
}

export function jobLabels(config: ControllerConfig, input: JobInput, plugin: KubernetesPlugin | undefined) {
  const labels: Record<string, string> = {
    ...config.metadata.labels,
    ...plugin?.metadata.labels,
    "buildkite.com/job-uuid": input.uuid,
  };
  if (config.id !== "") labels["buildkite.com/controller-id"] = config.id;
  for (const [name, value] of tagMap(input.tags)) {
    if (isLabelName(name) && isLabelValue(value)) labels[`tag.buildkite.com/${name}`] = value;
  }
  return labels;
}

const labelText = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

function isLabelName(name: string): boolean {
  return name.length <= 63 && labelText.test(name);
}

function isLabelValue(value: string): boolean {
  return value === "" || (value.length <= 63 && labelText.test(value));
}

export function jobAnnotations(
  config: ControllerConfig,
  input: JobInput,
  plugin: KubernetesPlugin | undefined,
  sidecars: readonly string[],
) {
  const env = (name: string) => input.env[name] ?? "";
  const annotations: Record<string, string> = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    ...config.metadata.annotations,
    ...plugin?.metadata.annotations,
    "buildkite.com/build-url": env("BUILDKITE_BUILD_URL"),
    "buildkite.com/build-branch": env("BUILDKITE_BRANCH"),
    "buildkite.com/build-repo": env("BUILDKITE_REPO"),
    "buildkite.com/pipeline-slug": env("BUILDKITE_PIPELINE_SLUG"),
    "buildkite.com/step-key": env("BUILDKITE_STEP_KEY"),
    "buildkite.com/job-url": `${env("BUILDKITE_BUILD_URL").replace(/#.*/s, "")}#${input.uuid}`,
    "buildkite.com/job-priority": String(input.priority),
  };
  if (plugin?.podSpec === undefined && plugin?.podTemplate) {
    annotations["buildkite.com/pod-template-name"] = plugin.podTemplate;
  }
  for (const [at, name] of sidecars.entries()) annotations[`buildkite.com/sidecar-${at}`] = name;
  return annotations;
}
