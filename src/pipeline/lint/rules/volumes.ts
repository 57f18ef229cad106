import { isObject, type Json } from "../../kube/json.ts";
import type { Finding, KubernetesConfig, LintRule } from "../contract.ts";
import { maps, podOf } from "../subjects.ts";

/** Volumes that the controller adds to every pod. */
const ownVolumes = new Set(["workspace"]);

function volumeNames(kubernetes: KubernetesConfig): Set<string> {
  const names = maps(podOf(kubernetes).volumes).map(([, volume]) => String(volume.name ?? ""));
  const patch = isObject(kubernetes.plain.podSpecPatch) ? kubernetes.plain.podSpecPatch : {};
  const patched = maps(patch.volumes).map(([, volume]) => String(volume.name ?? ""));
  return new Set([...names, ...patched, ...ownVolumes]);
}

export const missingVolume: LintRule = {
  name: "missing-volume",
  severity: "error",
  about: "A mount of a volume that the pod does not have: the API server refuses the Job.",
  check({ kubernetes }) {
    if (kubernetes === undefined || typeof kubernetes.plain.podTemplate === "string") return [];
    const known = volumeNames(kubernetes);
    const lists = [
      ...kubernetes.containers.map(({ plain, path, name }) => ({
        mounts: plain.volumeMounts,
        path: [...path, "volumeMounts"],
        who: `container "${name}"`,
      })),
      { mounts: kubernetes.plain.extraVolumeMounts, path: ["extraVolumeMounts"], who: "extraVolumeMounts" },
    ];
    return lists.flatMap(({ mounts, path, who }) =>
      maps(mounts).flatMap(([at, mount]): Finding[] => {
        const name = String(mount.name ?? "");
        if (known.has(name)) return [];
        const fix = `add a volume "${name}" to podSpec.volumes, or mount one of: ${[...known].join(", ")}`;
        return [
          {
            place: kubernetes.place([...path, at, "name"]),
            message: `${who} mounts the volume "${name}", which the pod does not have`,
            fix,
          },
        ];
      }),
    );
  },
};

export const reservedVolume: LintRule = {
  name: "reserved-volume",
  severity: "error",
  about: "Two volumes of one name, or one named like the controller's own: the API server refuses the Job.",
  check({ kubernetes }) {
    if (kubernetes === undefined) return [];
    const seen = new Set(ownVolumes);
    return maps(podOf(kubernetes).volumes).flatMap(([at, volume]): Finding[] => {
      const name = String(volume.name ?? "");
      if (!seen.has(name)) {
        seen.add(name);
        return [];
      }
      const own = ownVolumes.has(name);
      const message = own ? `the controller adds a volume "${name}" of its own` : `the pod has two volumes "${name}"`;
      const place = kubernetes.place(["podSpec", "volumes", at, "name"]);
      return [{ place, message, fix: "give it another name" }];
    });
  },
};

export const cacheNotKept: LintRule = {
  name: "cache-not-kept",
  severity: "warning",
  about: "An emptyDir is new for every job: a cache in it is always cold.",
  check({ kubernetes }) {
    if (kubernetes === undefined) return [];
    return maps(podOf(kubernetes).volumes).flatMap(([at, volume]): Finding[] => {
      const name = String(volume.name ?? "");
      const mounted = cacheMount(kubernetes, name);
      if (volume.emptyDir === undefined || (mounted === undefined && !/cache/i.test(name))) return [];
      const what = mounted === undefined ? `the volume "${name}"` : `the cache at ${mounted} (volume "${name}")`;
      return [
        {
          place: kubernetes.place(["podSpec", "volumes", at]),
          message: `${what} is an emptyDir: it is new for every job, so it never makes a later build faster`,
          fix: "use a persistentVolumeClaim or a hostPath (locally: --keep-volume), or remove the volume",
        },
      ];
    });
  },
};

/** Where builders and package managers keep what makes a second run fast. */
const cachePaths = [
  /^\/var\/lib\/(?:buildkit|containers|docker)/,
  /\/\.local\/share\/buildkit/,
  /\/\.(?:cache|npm|m2|gradle)(?:\/|$)/,
];

function cacheMount(kubernetes: KubernetesConfig, volume: string): string | undefined {
  const mounts: Json[] = kubernetes.containers.flatMap(({ plain }) =>
    maps(plain.volumeMounts).map(([, mount]) => mount),
  );
  const paths = mounts.flatMap((mount) =>
    isObject(mount) && mount.name === volume && typeof mount.mountPath === "string" ? [mount.mountPath] : [],
  );
  return paths.find((path) => cachePaths.some((pattern) => pattern.test(path)));
}
