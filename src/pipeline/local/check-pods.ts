import { CooperError, messageOf } from "../../kit/index.ts";
import { type PodProblem, readPod } from "../../pod/index.ts";
import { jobEnvironment } from "../build/job-environment.ts";
import type { BuildContext, Job, PlanNode } from "../expand/contract.ts";
import type { Problems } from "../problems.ts";
import { isKubernetesPlugin } from "../steps/plugins.ts";
import { placeOn } from "../yaml/value.ts";
import { localPod } from "./local-pod.ts";

/** Whether a job runs in a pod, and not on this machine itself. */
export function runsInPod({ plugins, image }: Job): boolean {
  return plugins.some(isKubernetesPlugin) || image !== undefined;
}

/** Tells what is wrong with the pods of a plan, and what of them this machine leaves out, before anything runs. */
export function checkPods(nodes: readonly PlanNode[], build: BuildContext, problems: Problems): void {
  for (const node of nodes) {
    for (const job of node.jobs) if (job.skip === undefined && runsInPod(job)) checkPod(node, job, build, problems);
  }
}

function checkPod(node: PlanNode, job: Job, build: BuildContext, problems: Problems): void {
  const plugin = job.plugins.findLast(isKubernetesPlugin);
  const place = plugin?.place ?? job.step.place;
  try {
    const { spec } = localPod(job, jobEnvironment(build, node, job));
    for (const problem of readPod(spec).problems) {
      const at = plugin === undefined ? place : placeOn(plugin.config, ["podSpec", ...problem.path]);
      tell(problem, at, problems);
    }
  } catch (error) {
    const hint = (error instanceof CooperError ? error.hint : undefined) ?? "correct the pod";
    problems.error(place, "pod", messageOf(error), hint);
  }
}

function tell(
  { severity, message, fix }: PodProblem,
  place: Parameters<Problems["error"]>[0],
  problems: Problems,
): void {
  if (severity === "error") problems.error(place, "pod", message, fix);
  else problems.warn(place, "pod", message, fix);
}
