import { CooperError } from "../../kit/index.ts";
import type { CommandStep } from "../contract.ts";
import type { BuildContext, Plan } from "../expand/contract.ts";
import { isObject, type Json, type JsonObject } from "../kube/json.ts";
import type { Path } from "../kube/normalise.ts";
import type { PodApi } from "../kube/schema.ts";
import { readControllerConfig } from "../render/controller-config.ts";
import { renderJob } from "../render/job.ts";
import { jobInput, templateSpec } from "../render/render-pipeline.ts";
import type { KubernetesConfig, RenderedPod } from "./contract.ts";
import { maps } from "./subjects.ts";

export interface RenderSettings {
  readonly build: BuildContext;
  /** The controller's configuration, parsed; undefined: its defaults, and that a step may rely on another is not known. */
  readonly config: Json | undefined;
  readonly podTemplate: Json | undefined;
}

/** The pod that the controller would make of a step's first job; undefined when that cannot be told. */
export function renderedPod(
  api: PodApi,
  plan: Plan,
  step: CommandStep,
  { build, config, podTemplate }: RenderSettings,
): RenderedPod | undefined {
  const node = plan.nodes.find((one) => one.step === step);
  const job = node?.jobs.find((one) => one.skip === undefined);
  if (node === undefined || job === undefined) return undefined;
  try {
    const input = jobInput(build, node, job);
    const rendered = renderJob(api, readControllerConfig(api, config), input, templateSpec(podTemplate));
    const template = isObject(rendered.spec) && isObject(rendered.spec.template) ? rendered.spec.template : {};
    return isObject(template.spec) ? { kind: "pod", pod: template.spec } : undefined;
  } catch (error) {
    if (!(error instanceof CooperError)) throw error;
    if (unknowable(error, config)) return undefined;
    return { kind: "refused", error };
  }
}

/** What the cluster knows, and nobody has told. */
function unknowable({ code }: CooperError, config: Json | undefined): boolean {
  return code === "pipeline/pod-template" || (code === "pipeline/resource-class" && config === undefined);
}

/**
 * Where what stands at `path` of the rendered pod comes from, below the plugin's configuration; undefined for what is the controller's own. A
 * patch that says something of it is the place.
 */
export function sourceOf(kubernetes: KubernetesConfig, pod: JsonObject, path: Path): Path | undefined {
  const [list, at, ...rest] = path;
  const named = typeof list === "string" && ["containers", "initContainers", "volumes"].includes(list);
  if (!named || typeof at !== "number") return statedAt(kubernetes, path);
  const name = String(maps(pod[list])[at]?.[1].name ?? "");
  const patched = entryNamed(kubernetes.plain, ["podSpecPatch", list], name);
  const own =
    list === "volumes" ? entryNamed(kubernetes.plain, ["podSpec", list], name) : containerNamed(kubernetes, list, name);
  const entries = [patched, own].filter((entry) => entry !== undefined);
  if (rest[0] === "volumeMounts") return mountSource(kubernetes, entries, mountedVolume(pod, path));
  return (entries.find((entry) => has(kubernetes.plain, [...entry, ...rest.slice(0, 2)])) ?? own ?? patched)?.concat(
    rest,
  );
}

function mountedVolume(pod: JsonObject, path: Path): string {
  const mount = valueAt(pod, path.slice(0, 4));
  return isObject(mount) ? String(mount.name ?? "") : "";
}

/** The controller adds mounts of its own to a container, so they are told by the volume. */
function mountSource({ plain }: KubernetesConfig, containers: readonly Path[], volume: string): Path | undefined {
  const owners: Path[] = [
    ...containers.map((container) => [...container, "volumeMounts"]),
    ["extraVolumeMounts"],
    ...["commandParams", "sidecarParams", "checkout"].map((params) => [params, "extraVolumeMounts"]),
  ];
  for (const owner of owners) {
    const at = maps(valueAt(plain, owner)).find(([, mount]) => mount.name === volume)?.[0];
    if (at !== undefined) return [...owner, at, "name"];
  }
  return containers[0];
}

function containerNamed({ containers }: KubernetesConfig, list: string, name: string): Path | undefined {
  const lists = list === "containers" ? ["containers"] : ["initContainers", "sidecars"];
  // Of two with one name the second one is too many.
  return containers.findLast((container) => lists.includes(container.list) && container.name === name)?.path;
}

function entryNamed(plain: JsonObject, path: readonly string[], name: string): Path | undefined {
  const at = maps(valueAt(plain, path)).findLast(([, entry]) => String(entry.name ?? "") === name)?.[0];
  return at === undefined ? undefined : [...path, at];
}

function statedAt({ plain }: KubernetesConfig, path: Path): Path | undefined {
  return ["podSpecPatch", "podSpec"].map((owner) => [owner, ...path]).find((full) => has(plain, full.slice(0, 2)));
}

function has(plain: JsonObject, path: Path): boolean {
  return valueAt(plain, path) !== undefined;
}

function valueAt(plain: Json | undefined, path: Path): Json | undefined {
  return path.reduce<Json | undefined>((value, part) => {
    if (Array.isArray(value)) return value[Number(part)] as Json | undefined;
    return isObject(value) ? value[String(part)] : undefined;
  }, plain);
}
