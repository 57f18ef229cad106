import { CooperError } from "../../kit/index.ts";
import { buildEnvironment, jobEnvironment } from "../build/job-environment.ts";
import type { BuildContext, Job, Plan, PlanNode } from "../expand/contract.ts";
import { planPipeline } from "../expand/plan.ts";
import type { Json, JsonObject } from "../kube/json.ts";
import { readPodApi } from "../kube/schema.ts";
import { loadPipeline } from "../load.ts";
import { type Problem, Problems, throwIfInvalid } from "../problems.ts";
import { agentVersion, readControllerConfig } from "./controller-config.ts";
import { controllerTypes } from "./controller-types.ts";
import { type JobInput, renderJob } from "./job.ts";
import { kubernetesConfig } from "./merge-plugins.ts";
import type { FittingLevel } from "./pod-security-fit.ts";
import { renderStandalone } from "./standalone.ts";

export interface RenderOptions {
  readonly build: BuildContext;
  /** Variables that are set at upload besides the build's. */
  readonly variables: ReadonlyMap<string, string>;
  /** Key, label, or number (from 1) of the one step to render; undefined: all. */
  readonly step: string | undefined;
  /** The controller's configuration, parsed. */
  readonly config: Json | undefined;
  /** A PodTemplate, or just its `spec`, parsed. */
  readonly podTemplate: Json | undefined;
  readonly standalone: StandaloneOptions | undefined;
}

export interface StandaloneOptions {
  readonly sourceImage: string | undefined;
  readonly cooperImage: string | undefined;
  readonly secretName: string;
  readonly podSecurity: FittingLevel | undefined;
}

export interface RenderedJob {
  readonly label: string;
  readonly job: JsonObject;
  /** What the rendering took away or misses. */
  readonly notes: readonly string[];
}

/**
 * The Kubernetes Jobs of a pipeline's command steps, in the file's order: one per matrix choice and parallel copy, none for a skipped
 * step. `problems` are the warnings of the file. Throws `pipeline/invalid`, `pipeline/no-such-step` and what `renderJob` throws.
 */
export function renderPipeline(
  text: string,
  file: string,
  options: RenderOptions,
): { readonly jobs: readonly RenderedJob[]; readonly problems: readonly Problem[] } {
  const variables = new Map([...Object.entries(buildEnvironment(options.build)), ...options.variables]);
  const { documents, problems } = loadPipeline(text, file, { variables });
  const found = new Problems(file);
  const plans = documents.map(({ pipeline }) =>
    planPipeline(pipeline, { build: options.build, env: variables }, found),
  );
  const all = [...problems, ...found.all];
  throwIfInvalid(all);
  const chosen = choose(plans, options.step);
  const render = renderer(options);
  return {
    jobs: chosen.flatMap((node) => node.jobs.filter((job) => job.skip === undefined).map((job) => render(node, job))),
    problems: all,
  };
}

function choose(plans: readonly Plan[], step: string | undefined): readonly PlanNode[] {
  const nodes = plans.flatMap((plan) => plan.nodes).filter((node) => node.kind === "command");
  if (step === undefined) return nodes.filter((node) => node.skipped === undefined);
  const named = nodes.filter((node, at) => node.key === step || node.label === step || String(at + 1) === step);
  if (named.length > 0) return named;
  const known = nodes.map((node, at) => node.key ?? (node.label || String(at + 1)));
  throw new CooperError("pipeline/no-such-step", `the pipeline has no command step "${step}"`, {
    hint: known.length === 0 ? "It has none at all." : `It has: ${known.join(", ")}.`,
  });
}

function renderer({
  build,
  config,
  podTemplate,
  standalone,
}: RenderOptions): (node: PlanNode, job: Job) => RenderedJob {
  const api = readPodApi(controllerTypes);
  const controller = readControllerConfig(api, config);
  const template = templateSpec(podTemplate);
  return (node, job) => {
    const input = jobInput(build, node, job);
    const label = job.label || node.label;
    if (standalone === undefined) return { label, job: renderJob(api, controller, input, template), notes: [] };
    const minutes = job.step.timeoutInMinutes;
    const rendered = renderStandalone(
      api,
      controller,
      {
        ...input,
        ...standalone,
        sourceImage: standalone.sourceImage ?? `ghcr.io/buildkite/agent:${agentVersion}`,
        secrets: new Map(job.secrets.map(({ name, secret }) => [name, secret])),
        timeoutSeconds: minutes === undefined ? undefined : minutes * 60,
      },
      template,
    );
    return { label, job: rendered.job, notes: [...rendered.changes, ...unreachable(build), ...lost(job)] };
  };
}

function unreachable({ repository }: BuildContext): string[] {
  if (repository === "" || /^(?:[a-z][a-z+]*:\/\/(?!\/)|[^/\s]+@?[^/\s]*:)/i.test(repository)) return [];
  return [`the repository ${repository} is a folder of this machine, which the pod cannot fetch: give --repository`];
}

/** What only Buildkite does. */
function lost(job: Job): string[] {
  const notes: string[] = [];
  if (job.artifactPaths.length > 0) notes.push("artifact_paths are not collected: nothing takes them");
  if (job.step.retry.automatic.length > 0) notes.push("retry.automatic is left out: the Job runs once");
  return notes;
}

/** A job of a plan as the controller is told of it. */
export function jobInput(build: BuildContext, node: PlanNode, job: Job): JobInput {
  return {
    uuid: job.id,
    command: job.command,
    tags: [...job.agents].map(([tag, value]) => `${tag}=${value}`),
    priority: job.priority,
    env: jobEnvironment(build, node, job),
    plugin: kubernetesConfig(job.plugins),
  };
}

/** `spec` of a PodTemplate's template, of a pod's, or the specification itself. */
export function templateSpec(given: Json | undefined): JsonObject | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return undefined;
  const object = given as JsonObject;
  return templateSpec(object.template) ?? templateSpec(object.spec) ?? object;
}
