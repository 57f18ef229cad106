import { isObject, type Json } from "../../kube/json.ts";
import type { Finding, KubernetesConfig, LintRule } from "../contract.ts";
import { maps, podOf } from "../subjects.ts";

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
