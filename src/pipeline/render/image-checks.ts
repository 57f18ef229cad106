import { CooperError } from "../../kit/index.ts";
import type { Container, VolumeMount } from "./container.ts";
import type { ControllerConfig } from "./controller-config.ts";
import { isPinned, referenceProblem } from "./image-reference.ts";

/** Which pull tells the most about whether an image can be had. */
const strength: Readonly<Record<string, number>> = { Never: 1, IfNotPresent: 2, Always: 3 };

export function pullPolicyOf(config: ControllerConfig, image: string): string {
  return config.pullPolicy || (isPinned(image) ? "IfNotPresent" : "Always");
}

/** The containers with their pull policies, and the images to be pulled by init containers before any of them runs. */
export interface ImageChecks {
  readonly containers: readonly Container[];
  /** Policy by image, in the order in which the images first occur. */
  readonly checks: ReadonlyMap<string, string>;
}

/**
 * Decides which images a Job pulls beforehand, so that one that cannot be had fails the Job early. An image that an init container
 * pulls as eagerly anyway needs no check. What a check has just pulled is not pulled again.
 * Throws `pipeline/image-reference` naming every malformed reference.
 */
export function planImageChecks(
  config: ControllerConfig,
  containers: readonly Container[],
  initContainers: readonly Container[],
): ImageChecks {
  refuseMalformed([...containers, ...initContainers]);
  const checks = new Map<string, string>();
  for (const container of containers) {
    const image = container.image ?? "";
    const policy = checkPolicy(config, container);
    const known = checks.get(image);
    if (known === undefined || rank(policy) > rank(known)) checks.set(image, policy);
  }
  for (const { image = "", imagePullPolicy } of initContainers) {
    const policy = checks.get(image);
    if (policy !== undefined && rank(imagePullPolicy) >= rank(policy)) checks.delete(image);
  }
  return { containers: containers.map((container) => withPullPolicy(config, container)), checks };
}

function rank(policy: string | undefined): number {
  return strength[policy ?? ""] ?? 0;
}

function checkPolicy(config: ControllerConfig, { imagePullPolicy, image = "" }: Container): string {
  return imagePullPolicy || config.imageCheckPullPolicy || pullPolicyOf(config, image);
}

function withPullPolicy(config: ControllerConfig, container: Container): Container {
  const own = container.imagePullPolicy || pullPolicyOf(config, container.image ?? "");
  const pulledBefore = own === "Always" && checkPolicy(config, container) === "Always";
  return { ...container, imagePullPolicy: pulledBefore ? "IfNotPresent" : own };
}

/** `tini-static --version` does nothing, exists (it was just copied), and runs in any image. */
export function imageCheckContainers(
  config: ControllerConfig,
  checks: ReadonlyMap<string, string>,
  workspace: VolumeMount,
): Container[] {
  return [...checks].map(([image, imagePullPolicy], at) => ({
    name: `imagecheck-${at}`,
    image,
    imagePullPolicy,
    command: ["/workspace/tini-static"],
    args: ["--version"],
    volumeMounts: [workspace],
    resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: config.imageCheckLimits },
  }));
}

function refuseMalformed(containers: readonly Container[]): void {
  const problems = containers.flatMap(({ name, image = "" }) => {
    const problem = referenceProblem(image);
    return problem === undefined ? [] : [{ name, image, problem }];
  });
  const [first] = problems;
  if (first === undefined) return;
  const message =
    problems.length === 1
      ? `${first.problem} "${first.image}" for container "${first.name}"`
      : `invalid image references: ${problems.map((p) => `"${p.image}" for container "${p.name}" (${p.problem})`).join(", ")}`;
  throw new CooperError("pipeline/image-reference", message);
}
