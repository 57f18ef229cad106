import type { Job } from "../expand/contract.ts";
import type { Json, JsonObject } from "../kube/json.ts";
import { readPodApi } from "../kube/schema.ts";
import type { Container, PodSpec } from "../render/container.ts";
import { readControllerConfig } from "../render/controller-config.ts";
import { controllerTypes } from "../render/controller-types.ts";
import { type JobInput, renderJob } from "../render/job.ts";
import { kubernetesConfig } from "../render/merge-plugins.ts";

/** The pod that the controller would make of a job, without what only a cluster needs. */
export interface LocalPod {
  readonly spec: JsonObject;
  /** Command containers by name: what each runs. */
  readonly commands: ReadonlyMap<string, string>;
  /** The working tree is wanted. */
  readonly checkout: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The controller gives a pod 60 seconds to end; many programs use them up, for as a container's first process they do not hear SIGTERM. */
const hasty = { "default-termination-grace-period-seconds": 10 };

/**
 * Renders the job as agent-stack-k8s does, with its patches, images and sidecars, and takes the agent, the checkout, and the checks of images out
 * again. Throws what `renderJob` throws.
 */
export function localPod(job: Job, env: Readonly<Record<string, string>>): LocalPod {
  const api = readPodApi(controllerTypes);
  const rendered = renderJob(api, readControllerConfig(api, hasty), inputOf(job, env));
  const { metadata, spec } = (rendered.spec as JsonObject).template as { metadata: JsonObject; spec: JsonObject };
  const pod = spec as unknown as PodSpec;
  const pulled = alwaysPulled(pod);
  const containers = pod.containers.filter(({ name }) => name !== "agent" && name !== "checkout");
  const commands = new Map(containers.flatMap((one) => commandOf(one)));
  const init = (pod.initContainers ?? []).filter(
    ({ name }) => name !== "copy-agent" && !name.startsWith("imagecheck-"),
  );
  return {
    commands,
    checkout: pod.containers.some(({ name }) => name === "checkout"),
    labels: (metadata.labels ?? {}) as Record<string, string>,
    annotations: (metadata.annotations ?? {}) as Record<string, string>,
    spec: {
      ...(spec as JsonObject),
      initContainers: init.map((one) => withPolicy(one, pulled)),
      containers: containers.map((one) => withPolicy(one, pulled)),
    },
  };
}

function inputOf(job: Job, env: Readonly<Record<string, string>>): JobInput {
  const plugin = kubernetesConfig(job.plugins);
  return {
    uuid: job.id,
    command: job.command,
    tags: [...job.agents].map(([tag, value]) => `${tag}=${value}`),
    priority: job.priority,
    env,
    plugin: plugin === undefined ? undefined : withoutGit(plugin),
  };
}

/** Nothing is fetched here: what git would need is not asked for. A YAML value without tags is JSON. */
function withoutGit(plugin: unknown): Json {
  if (typeof plugin !== "object" || plugin === null || Array.isArray(plugin)) return plugin as Json;
  const { gitEnvFrom: _, checkout, ...rest } = plugin as Record<string, Json>;
  const skip = typeof checkout === "object" && checkout !== null && "skip" in checkout ? checkout.skip : undefined;
  return { ...rest, ...(skip !== undefined && { checkout: { skip } }) };
}

/** What a command container runs; nothing for one that the controller does not manage. */
function commandOf({ name, env = [] }: Container): readonly (readonly [string, string])[] {
  const managed = env.some((variable) => variable.name === "BUILDKITE_CONTAINER_ID");
  const command = env.findLast((variable) => variable.name === "BUILDKITE_COMMAND")?.value;
  return managed ? [[name, command ?? ""]] : [];
}

/** Images that the controller's check asks the registry for each time: its containers then take what the check has pulled. */
function alwaysPulled(pod: PodSpec): ReadonlySet<string> {
  const checks = (pod.initContainers ?? []).filter(({ name }) => name.startsWith("imagecheck-"));
  return new Set(checks.filter((one) => one.imagePullPolicy === "Always").map(({ image = "" }) => image));
}

function withPolicy(container: Container, pulled: ReadonlySet<string>): Container {
  return pulled.has(container.image ?? "") ? { ...container, imagePullPolicy: "Always" } : container;
}
