import { CooperError } from "../../kit/index.ts";
import type { Json, JsonObject } from "../kube/json.ts";
import { isObject } from "../kube/json.ts";
import { normalise } from "../kube/normalise.ts";
import type { PodApi } from "../kube/schema.ts";
import { agentSettings } from "./agent-config.ts";
import { agentContainer, checkoutContainer, copyAgentContainer } from "./agent-containers.ts";
import { commandContainers, sidecarContainers } from "./command-containers.ts";
import { type Container, isCommandContainer, type PodSpec, type VolumeMount } from "./container.ts";
import { type ControllerConfig, stackVersion } from "./controller-config.ts";
import { imageCheckContainers, planImageChecks } from "./image-checks.ts";
import { jobAnnotations, jobLabels, tagMap } from "./labels.ts";
import { checkInterposer, type KubernetesPlugin } from "./params.ts";
import { patchPod } from "./pod-patch.ts";
import { withResourceClass } from "./resource-class.ts";

/** One job of a build, as the controller is told of it. */
export interface JobInput {
  readonly uuid: string;
  readonly command: string;
  /** Agent query rules: `queue=kubernetes`, … */
  readonly tags: readonly string[];
  readonly priority: number;
  /** The job's environment, with BUILDKITE_IMAGE for a step's `image`. */
  readonly env: Readonly<Record<string, string>>;
  /** What the step gives to the `kubernetes` plugin; undefined without the plugin. */
  readonly plugin: Json | undefined;
}

/**
 * The Kubernetes Job that agent-stack-k8s (version `stackVersion`) would create for a job, in the API's normal form; the same for the
 * same input, where the controller's order of image checks and tags varies. `podTemplate`: the PodTemplate's `spec` that the plugin names.
 * Throws `pipeline/pod-field`, `pipeline/image-reference`, `pipeline/interposer`, `pipeline/merge-patch`, `pipeline/patched-command`,
 * `pipeline/plugin-prohibited`, `pipeline/pod-template`, `pipeline/resource-class`.
 */
export function renderJob(api: PodApi, config: ControllerConfig, input: JobInput, podTemplate?: Json): JsonObject {
  const plugin = readPlugin(api, config, input.plugin);
  const skipCheckout = plugin?.checkout?.skip ?? config.checkout?.skip ?? false;
  const given = startingPod(api, plugin, podTemplate);
  const sidecars = sidecarContainers(config, plugin, sharedMounts(config, plugin));
  const built = buildPod(config, input, plugin, given, sidecars, skipCheckout);
  const patched = patches(api, config, input, plugin, built);
  const labels = jobLabels(config, input, plugin);
  const annotations = jobAnnotations(
    config,
    input,
    plugin,
    sidecars.map((sidecar) => sidecar.name),
  );
  const job = {
    metadata: { name: `${config.jobPrefix}${input.uuid}`, labels, annotations },
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: config.jobTtlSeconds,
      activeDeadlineSeconds: deadline(config, plugin),
      template: { metadata: { labels, annotations }, spec: finish(patched, skipCheckout) },
    },
  };
  return { apiVersion: "batch/v1", kind: "Job", ...normalise(api, "Job", job) };
}

export function deadline(config: ControllerConfig, plugin: KubernetesPlugin | undefined): number {
  const own = plugin?.jobActiveDeadlineSeconds ?? 0;
  return own > 0 ? own : config.jobActiveDeadlineSeconds;
}

export function readPlugin(
  api: PodApi,
  config: ControllerConfig,
  given: Json | undefined,
): KubernetesPlugin | undefined {
  if (given === undefined) return undefined;
  if (config.prohibitPlugin) {
    throw new CooperError(
      "pipeline/plugin-prohibited",
      "the kubernetes plugin is prohibited by this controller, but was configured on this job",
    );
  }
  if (given === null) return undefined;
  // The normal form has just the fields of the plugin.
  const plugin = normalise(api, "KubernetesPlugin", given, ["kubernetes"]) as unknown as KubernetesPlugin;
  checkInterposer(plugin.commandParams);
  return plugin;
}

/** The plugin's pod, else the template that it names, else an empty one. */
export function startingPod(api: PodApi, plugin: KubernetesPlugin | undefined, podTemplate: Json | undefined): PodSpec {
  if (plugin?.podSpec !== undefined) return plugin.podSpec;
  if (!plugin?.podTemplate) return { containers: [] };
  if (!isObject(podTemplate)) {
    throw new CooperError("pipeline/pod-template", `the PodTemplate "${plugin.podTemplate}" lives in the cluster`, {
      hint: "Save it with `kubectl get podtemplate NAME -o yaml` and give the file with --pod-template.",
    });
  }
  return normalise(api, "PodSpec", podTemplate, ["template", "spec"]) as unknown as PodSpec;
}

export function workspaceMount(config: ControllerConfig): VolumeMount {
  return {
    name: config.workspaceVolume.name,
    mountPath: "/workspace",
    ...(config.workspaceSubPathExpr && { subPathExpr: config.workspaceSubPathExpr }),
  };
}

export function sharedMounts(config: ControllerConfig, plugin: KubernetesPlugin | undefined): VolumeMount[] {
  return [workspaceMount(config), ...(plugin?.extraVolumeMounts ?? [])];
}

function buildPod(
  config: ControllerConfig,
  input: JobInput,
  plugin: KubernetesPlugin | undefined,
  given: PodSpec,
  sidecars: readonly Container[],
  skipCheckout: boolean,
): PodSpec {
  const settings = agentSettings(config.agentConfig);
  const mounts = sharedMounts(config, plugin);
  const system = skipCheckout ? 0 : 1;
  const commands = commandContainers(config, settings, plugin, given.containers ?? [], input.command, system, mounts);
  const tags = tagMap(input.tags);
  const gracePeriod = given.terminationGracePeriodSeconds ?? config.terminationGracePeriodSeconds;
  const base: PodSpec = {
    ...given,
    terminationGracePeriodSeconds: gracePeriod,
    volumes: [...(given.volumes ?? []), config.workspaceVolume, ...settings.volumes],
    containers: commands,
  };
  const classed = withResourceClass(config, base, tags.get("resource_class"));
  const facts = { uuid: input.uuid, tags: agentTags(tags), managed: commands.length + system, gracePeriod };
  const agent = agentContainer(config, settings, plugin, facts, mounts);
  const checkout = skipCheckout ? undefined : checkoutContainer(config, settings, plugin, given, mounts);
  const copyAgent = copyAgentContainer(config, given, workspaceMount(config));
  const all = [...classed.containers, agent, ...(checkout === undefined ? [] : [checkout.container])];
  const init = [...(given.initContainers ?? []), ...sidecars];
  const { containers, checks } = planImageChecks(config, all, [copyAgent, ...init]);
  const checkers = config.skipImageChecks ? [] : imageCheckContainers(config, checks, workspaceMount(config));
  return {
    ...classed,
    volumes: [...(classed.volumes ?? []), ...(checkout?.volumes ?? [])],
    initContainers: [copyAgent, ...checkers, ...init],
    containers,
    restartPolicy: "Never",
  };
}

function agentTags(tags: ReadonlyMap<string, string>): string {
  const all = new Map([["k8s:agent-stack-version", stackVersion], ...tags]);
  return [...all].map(([name, value]) => `${name}=${value}`).join(",");
}

/** The controller's patch, then the step's `image`, then the plugin's patch. */
function patches(
  api: PodApi,
  config: ControllerConfig,
  input: JobInput,
  plugin: KubernetesPlugin | undefined,
  built: PodSpec,
): PodSpec {
  const image = input.env.BUILDKITE_IMAGE;
  const patch = (pod: PodSpec, by: PodSpec | undefined) =>
    by === undefined ? pod : patchPod(api, config, plugin, pod, by);
  const configured = patch(built, config.podSpecPatch);
  const imaged = image
    ? { ...configured, containers: configured.containers.map((c) => (isCommandContainer(c) ? { ...c, image } : c)) }
    : configured;
  return patch(imaged, plugin?.podSpecPatch);
}

/** A patch may have brought a checkout container back; and of two mounts at one path the first counts. */
function finish(pod: PodSpec, skipCheckout: boolean): PodSpec {
  const kept = pod.containers.filter((container) => !(skipCheckout && container.name === "checkout"));
  return { ...pod, initContainers: (pod.initContainers ?? []).map(uniqueMounts), containers: kept.map(uniqueMounts) };
}

export function uniqueMounts(container: Container): Container {
  const mounts = container.volumeMounts ?? [];
  const first = mounts.filter((mount, at) => mounts.findIndex((m) => m.mountPath === mount.mountPath) === at);
  return { ...container, volumeMounts: first };
}
