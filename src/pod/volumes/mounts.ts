import { chmodSync, statSync } from "node:fs";
import type { StepMount } from "../../executor/index.ts";
import { CooperError, lstatIfThere, makeFolders, pathInside } from "../../kit/index.ts";
import type { PodContainer } from "../contract.ts";
import { expandVariables } from "../run/expand.ts";
import type { MadeVolume } from "./make-volume.ts";

/** A container's mounts of the pod's volumes. `variables` are what `subPathExpr` may name. Throws `pod/sub-path`. */
export function volumeMounts(
  container: PodContainer,
  volumes: ReadonlyMap<string, MadeVolume>,
  variables: ReadonlyMap<string, string>,
): readonly StepMount[] {
  return container.mounts.flatMap((mount): readonly StepMount[] => {
    const volume = volumes.get(mount.volume);
    // The pod was checked when it was read.
    if (volume === undefined) return [];
    const below = mount.subPathExpr === undefined ? mount.subPath : expandVariables(mount.subPathExpr, variables);
    const source = below === undefined ? volume.path : subPath(volume.path, below);
    return [{ kind: "bind", source, target: mount.path, readonly: mount.readOnly || volume.readOnly }];
  });
}

/** A path within a volume, made as a folder when it is missing. Links in the volume lead nowhere else. */
function subPath(volume: string, below: string): string {
  if (below.startsWith("/") || below.split("/").includes("..") || below.includes("$(")) {
    throw new CooperError(
      "pod/sub-path",
      `cannot mount ${JSON.stringify(below)} of a volume: it leads out of it, or names no variable`,
      {
        hint: "use a path below the volume, of variables that the container has",
      },
    );
  }
  const path = pathInside(volume, below);
  if (lstatIfThere(path) === undefined) {
    makeFolders(path, 0o755);
    chmodSync(path, statSync(volume).mode & 0o777);
  }
  return path;
}
