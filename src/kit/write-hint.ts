import { accessSync, constants, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "./error.ts";

/**
 * What to do about a path that this process cannot write or make, in the settings of a pod: who owns what is in the way decides which one
 * it is. Undefined when it can be written, as far as one can tell before.
 */
export function writeHint(path: string): string | undefined {
  const at = nearestThere(path);
  const trouble = at === undefined ? undefined : accessTrouble(at.path, constants.W_OK);
  if (at === undefined || trouble === undefined) return undefined;
  return trouble === "EROFS" ? readOnlyHint(at.path) : ownerHint(at);
}

/** The same for a file that this process cannot read. */
export function readHint(path: string): string | undefined {
  const at = nearestThere(path);
  const trouble = at === undefined ? undefined : accessTrouble(at.path, constants.R_OK);
  return at === undefined || trouble === undefined ? undefined : ownerHint(at);
}

interface Place {
  readonly path: string;
  readonly stats: Stats;
}

function nearestThere(path: string): Place | undefined {
  const stats = statIfReachable(path);
  if (stats !== undefined) return { path, stats };
  return dirname(path) === path ? undefined : nearestThere(dirname(path));
}

function statIfReachable(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function accessTrouble(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode);
    return undefined;
  } catch (error) {
    return errnoOf(error);
  }
}

function readOnlyHint(path: string): string {
  return `${path} is on a read-only file system: mount a volume there (an emptyDir will do), or do without readOnlyRootFilesystem`;
}

/**
 * A volume gets its group from the pod, a checkout its owner from whoever made it: with `runAsUser` on the container alone that was
 * root.
 */
function ownerHint({ path, stats }: Place): string {
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  const whose = `${path} belongs to uid ${stats.uid}, and this process is uid ${uid}`;
  if (stats.uid === uid) return `${path} has mode ${(stats.mode & 0o777).toString(8)}: chmod u+rw`;
  if (uid === 0)
    return `${whose} without CAP_DAC_OVERRIDE: set runAsUser: ${stats.uid}, or do not drop that capability`;
  if (isMountPoint(path, stats)) {
    return `${whose}: set fsGroup: ${gid} in the pod's securityContext, so that the volume gets a group that may write`;
  }
  return `${whose}: set runAsUser: ${uid} in the pod's securityContext, not only in the container's, so that the checkout is made by the same user`;
}

function isMountPoint(path: string, { dev }: Stats): boolean {
  return path !== "/" && statSync(dirname(path)).dev !== dev;
}
