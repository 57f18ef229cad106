import type { JsonObject } from "../kube/json.ts";
import { normalise } from "../kube/normalise.ts";
import type { PodApi } from "../kube/schema.ts";
import { sidecarContainers } from "./command-containers.ts";
import { type Container, type EnvVar, type PodSpec, withEnvFrom, withMounts } from "./container.ts";
import type { ControllerConfig } from "./controller-config.ts";
import { deadline, type JobInput, readPlugin, sharedMounts, startingPod, uniqueMounts, workspaceMount } from "./job.ts";
import { jobAnnotations, jobLabels, tagMap } from "./labels.ts";
import { interposedCommand, type KubernetesPlugin } from "./params.ts";
import { patchPod } from "./pod-patch.ts";
import { type FittingLevel, fitPodSecurity } from "./pod-security-fit.ts";
import { withResourceClass } from "./resource-class.ts";
import { commandScript, sourceScript } from "./standalone-scripts.ts";

/** What a Job without Buildkite needs to be told besides. */
export interface StandaloneInput extends JobInput {
  /** Has git and `/bin/sh`; fetches the source. */
  readonly sourceImage: string;
  /** Takes the place of `moby/buildkit:*` in the step's containers. */
  readonly cooperImage: string | undefined;
  /** Environment variable → key in the Kubernetes Secret `secretName`. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly secretName: string;
  /** After how long the Job ends; undefined: the controller's. */
  readonly timeoutSeconds: number | undefined;
  /** Change the pod so that this level admits it. */
  readonly podSecurity: FittingLevel | undefined;
}

export interface StandaloneJob {
  readonly job: JsonObject;
  /** What `podSecurity` took away from the step's pod, and what it may miss. */
  readonly changes: readonly string[];
}

/**
 * A Job that runs a step without agent and without Buildkite: an init container fetches the source with git, the step's containers run
 * one after another in the checkout, each by its own `/bin/sh`. The step's volumes, sidecars, metadata, patches and resource class are
 * kept. Throws what `renderJob` throws, and `pipeline/pod-security` for what no change makes admissible.
 */
export function renderStandalone(
  api: PodApi,
  config: ControllerConfig,
  input: StandaloneInput,
  podTemplate?: JsonObject,
): StandaloneJob {
  const plugin = readPlugin(api, config, input.plugin);
  const given = startingPod(api, plugin, podTemplate);
  const sidecars = sidecarContainers(config, plugin, sharedMounts(config, plugin));
  const built = buildPod(config, input, plugin, given, sidecars);
  const patched = [config.podSpecPatch, plugin?.podSpecPatch].reduce(
    (pod: PodSpec, patch) =>
      patch === undefined ? pod : patchPod(api, config, plugin, pod, withoutControllers(patch)),
    built,
  );
  const { pod, changes } = fitPodSecurity(patched, input.podSecurity);
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
      activeDeadlineSeconds: input.timeoutSeconds ?? deadline(config, plugin),
      template: { metadata: { labels, annotations }, spec: withUniqueMounts(pod) },
    },
  };
  return { job: { apiVersion: "batch/v1", kind: "Job", ...normalise(api, "Job", job) }, changes };
}

/** What a patch says of the agent and the others that the controller adds is nobody's here. */
function withoutControllers(patch: PodSpec): PodSpec {
  const others = (containers: readonly Container[] | undefined) =>
    containers?.filter(({ name }) => !/^(?:agent|checkout|copy-agent|imagecheck-\d+)$/.test(name));
  return {
    ...patch,
    containers: others(patch.containers) ?? [],
    ...(patch.initContainers !== undefined && { initContainers: others(patch.initContainers) ?? [] }),
  };
}

function buildPod(
  config: ControllerConfig,
  input: StandaloneInput,
  plugin: KubernetesPlugin | undefined,
  given: PodSpec,
  sidecars: readonly Container[],
): PodSpec {
  const skipCheckout = plugin?.checkout?.skip ?? config.checkout?.skip ?? false;
  const listed = given.containers?.length ? given.containers : [{ name: "container-0", image: config.image }];
  const containers = listed.map((container, at) => stepContainer(config, input, plugin, container, at, listed.length));
  const source = skipCheckout ? [] : [sourceContainer(config, input, plugin)];
  const secret = credentialsOf(config, plugin);
  const pod: PodSpec = {
    ...given,
    terminationGracePeriodSeconds: given.terminationGracePeriodSeconds ?? config.terminationGracePeriodSeconds,
    volumes: [
      ...(given.volumes ?? []),
      config.workspaceVolume,
      ...(secret === undefined || skipCheckout ? [] : [{ name: "git-credentials", secret }]),
    ],
    initContainers: [...source, ...(given.initContainers ?? []), ...sidecars],
    containers,
    restartPolicy: "Never",
  };
  return withResourceClass(config, pod, tagMap(input.tags).get("resource_class"));
}

function credentialsOf(config: ControllerConfig, plugin: KubernetesPlugin | undefined): JsonObject | undefined {
  return plugin?.checkout?.gitCredentialsSecret ?? config.checkout?.gitCredentialsSecret;
}

function stepContainer(
  config: ControllerConfig,
  input: StandaloneInput,
  plugin: KubernetesPlugin | undefined,
  given: Container,
  at: number,
  count: number,
): Container {
  const command = given.command?.length
    ? interposedCommand(config.command, plugin?.commandParams, given.command, given.args ?? [])
    : input.command;
  const named = { ...given, name: given.name || `container-${at}` };
  const params = [config.command, plugin?.commandParams];
  const sources = [...params.flatMap((p) => p?.envFrom ?? []), ...(plugin?.gitEnvFrom ?? [])];
  const mounts = [...sharedMounts(config, plugin), ...params.flatMap((p) => p?.extraVolumeMounts ?? [])];
  const container = withMounts(withEnvFrom(named, sources), ...mounts);
  return {
    ...container,
    image: input.env.BUILDKITE_IMAGE || replaceBuildkit(container.image ?? "", input.cooperImage),
    command: ["/bin/sh", "-c"],
    args: [commandScript(at, count)],
    workingDir: container.workingDir || "/workspace",
    env: environment(container.env ?? [], input, command),
  };
}

function replaceBuildkit(image: string, cooperImage: string | undefined): string {
  return cooperImage !== undefined && /^(?:docker\.io\/)?moby\/buildkit(?:[:@]|$)/.test(image) ? cooperImage : image;
}

/** A job's variable wins over a container's of the same name, as with the agent. */
function environment(own: readonly EnvVar[], input: StandaloneInput, command: string): EnvVar[] {
  const { BUILDKITE_PLUGINS: _plugins, ...env } = input.env;
  const job: EnvVar[] = Object.entries({ ...env, BUILDKITE_COMMAND: command.trimEnd() }).map(([name, value]) => ({
    name,
    value,
  }));
  const secrets: EnvVar[] = [...input.secrets].map(([name, key]) => ({
    name,
    valueFrom: { secretKeyRef: { name: input.secretName, key } },
  }));
  const set = [...job, ...secrets];
  const names = new Set(set.map((variable) => variable.name));
  return [...own.filter((variable) => !names.has(variable.name)), ...set];
}

function sourceContainer(
  config: ControllerConfig,
  input: StandaloneInput,
  plugin: KubernetesPlugin | undefined,
): Container {
  const { BUILDKITE_REPO = "", BUILDKITE_COMMIT = "", BUILDKITE_BRANCH = "" } = input.env;
  const params = [config.checkout, plugin?.checkout];
  const submodules = !(plugin?.checkout?.noSubmodules ?? config.checkout?.noSubmodules ?? false);
  const credentials = credentialsOf(config, plugin) !== undefined;
  const container: Container = {
    name: "source",
    image: input.sourceImage,
    command: ["/bin/sh", "-c"],
    args: [sourceScript({ submodules, credentials })],
    workingDir: "/workspace",
    env: [
      { name: "BUILDKITE_REPO", value: BUILDKITE_REPO },
      { name: "BUILDKITE_COMMIT", value: BUILDKITE_COMMIT },
      { name: "BUILDKITE_BRANCH", value: BUILDKITE_BRANCH },
    ],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    volumeMounts: [
      workspaceMount(config),
      ...(credentials ? [{ name: "git-credentials", mountPath: "/git-credentials", readOnly: true }] : []),
      ...params.flatMap((p) => p?.extraVolumeMounts ?? []),
    ],
  };
  return withEnvFrom(container, [...params.flatMap((p) => p?.envFrom ?? []), ...(plugin?.gitEnvFrom ?? [])]);
}

function withUniqueMounts(pod: PodSpec): PodSpec {
  return {
    ...pod,
    initContainers: (pod.initContainers ?? []).map(uniqueMounts),
    containers: pod.containers.map(uniqueMounts),
  };
}
