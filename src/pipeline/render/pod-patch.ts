import { CooperError } from "../../kit/index.ts";
import { mergePatch } from "../kube/merge-patch.ts";
import { normalise } from "../kube/normalise.ts";
import type { PodApi } from "../kube/schema.ts";
import { bootstrapArgs, bootstrapCommand } from "./command-containers.ts";
import { type Container, type PodSpec, withEnv } from "./container.ts";
import type { ControllerConfig } from "./controller-config.ts";
import { interposedCommand, type KubernetesPlugin } from "./params.ts";

/**
 * The pod after a patch of its specification. A command for a command container becomes BUILDKITE_COMMAND; the controller's own
 * containers keep theirs, unless the configuration allows otherwise. Throws `pipeline/patched-command`, `pipeline/merge-patch`.
 */
export function patchPod(
  api: PodApi,
  config: ControllerConfig,
  plugin: KubernetesPlugin | undefined,
  pod: PodSpec,
  patch: PodSpec,
): PodSpec {
  for (const container of patch.initContainers ?? []) refuseInitCommand(config, pod, container);
  const containers = (patch.containers ?? []).map((container) => commandAsVariable(config, plugin, pod, container));
  const original = normalise(api, "PodSpec", pod);
  const merged = mergePatch(api, "PodSpec", original, normalise(api, "PodSpec", { ...patch, containers }));
  // The normal form of a PodSpec has just the fields of one.
  return normalise(api, "PodSpec", merged) as unknown as PodSpec;
}

function changesCommand(original: Container | undefined, { command = [], args = [] }: Container): boolean {
  if (command.length + args.length === 0) return false;
  return original === undefined || !same(original.command, command) || !same(original.args, args);
}

function same(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a?.length === b.length && a.every((word, at) => word === b[at]);
}

function refuseInitCommand(config: ControllerConfig, pod: PodSpec, patch: Container): void {
  const original = pod.initContainers?.find((container) => container.name === patch.name);
  const own = patch.name === "copy-agent" || patch.name.startsWith("imagecheck-");
  if (own && !config.allowUnsafeCommands && changesCommand(original, patch)) throw commandRefused(patch.name);
}

function commandAsVariable(
  config: ControllerConfig,
  plugin: KubernetesPlugin | undefined,
  pod: PodSpec,
  patch: Container,
): Container {
  const original = pod.containers.find((container) => container.name === patch.name);
  if (!changesCommand(original, patch)) return patch;
  if (patch.name === "agent" || patch.name === "checkout") {
    if (config.allowUnsafeCommands) return patch;
    throw commandRefused(patch.name);
  }
  const isBootstrap = same(original?.command, bootstrapCommand) && same(original?.args, bootstrapArgs);
  if (!isBootstrap) return patch;
  const { command = [], args = [], ...rest } = patch;
  const value = interposedCommand(config.command, plugin?.commandParams, command, args);
  return withEnv(rest, { name: "BUILDKITE_COMMAND", value });
}

function commandRefused(container: string): CooperError {
  const instead =
    container === "checkout"
      ? "; instead consider configuring a checkout hook or skipping the checkout container entirely"
      : "";
  return new CooperError(
    "pipeline/patched-command",
    `for the ${container} container, modifying container commands or args via podSpecPatch is not supported${instead}`,
  );
}
