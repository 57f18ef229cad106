import { parse } from "yaml";
import type { PodRights } from "./podman.ts";

/** A volume of a pod, as far as pages show them. */
export type PageVolume =
  | { readonly kind: "empty" }
  | { readonly kind: "claim"; readonly name: string }
  | { readonly kind: "secret"; readonly name: string };

/** What a page's YAML has to run: the first container of a pod, or of a pipeline's step. */
export interface PageContainer {
  readonly rights: PodRights;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | { readonly secret: string; readonly key: string }>>;
  readonly mounts: Readonly<Record<string, PageVolume>>;
  /** Who the checkout belongs to: the pod's user, else root. */
  readonly checkoutOwner: number;
  /** Group that the pod's volumes get. */
  readonly volumeGroup: number | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: documents of pages, of which a test reads parts
type Yaml = any;

/** Reads a Pod, or a pipeline with one step for the kubernetes plugin, as agent-stack-k8s would run it. */
export function containerOf(text: string): PageContainer {
  const document: Yaml = parse(text);
  const step = document.steps?.[0];
  const spec = step === undefined ? document.spec : step.plugins[0].kubernetes.podSpec;
  const container = spec.containers[0];
  const shell = ["/bin/sh", "-ec"];
  const security = { ...spec.securityContext, ...container.securityContext };
  return {
    rights: rightsOf(security),
    command: step === undefined ? [...container.command, ...(container.args ?? [])] : [...shell, step.command],
    cwd: container.workingDir ?? "/workspace",
    env: Object.fromEntries((container.env ?? []).map(variableOf)),
    mounts: mountsOf(container.volumeMounts ?? [], spec.volumes ?? []),
    checkoutOwner: spec.securityContext?.runAsUser ?? 0,
    volumeGroup: spec.securityContext?.fsGroup,
  };
}

function rightsOf(security: Yaml): PodRights {
  return {
    privileged: security.privileged === true,
    ...(security.runAsUser !== undefined && { user: security.runAsUser, group: security.runAsGroup ?? 0 }),
    dropsAll: security.capabilities?.drop?.includes("ALL") === true,
    mayGainRights: security.allowPrivilegeEscalation !== false,
    unconfined: security.seccompProfile?.type === "Unconfined",
  };
}

function variableOf({ name, value, valueFrom }: Yaml): [string, PageContainer["env"][string]] {
  const from = valueFrom?.secretKeyRef;
  return [name, from === undefined ? String(value) : { secret: from.name, key: from.key }];
}

function mountsOf(mounts: readonly Yaml[], volumes: readonly Yaml[]): Record<string, PageVolume> {
  const byName = new Map(volumes.map((volume) => [volume.name, volumeOf(volume)]));
  return Object.fromEntries(
    mounts.map(({ name, mountPath }) => {
      const volume = byName.get(name);
      if (volume === undefined) throw new Error(`no volume ${name}`);
      return [mountPath, volume];
    }),
  );
}

function volumeOf(volume: Yaml): PageVolume {
  if (volume.persistentVolumeClaim !== undefined)
    return { kind: "claim", name: volume.persistentVolumeClaim.claimName };
  if (volume.secret !== undefined) return { kind: "secret", name: volume.secret.secretName };
  if (volume.emptyDir !== undefined) return { kind: "empty" };
  throw new Error(`a kind of volume that no page has: ${JSON.stringify(volume)}`);
}
