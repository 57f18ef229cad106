import { existsSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RungName } from "../../executor/index.ts";
import { messageOf, writeHint } from "../../kit/index.ts";
import { probeSnapshots } from "../../storage/index.ts";
import { fileSystemType } from "../../sys/index.ts";
import type { Check, DoctorOptions } from "../contract.ts";

const gibibyte = 2 ** 30;
/** Most base images fit. */
const enough = 2 * gibibyte;
/** File systems whose locks or speed do not do. */
const remote = ["nfs", "cifs", "smb2", "9p"];

/** The storage root: can it be written, what lies below it, how much room is there, how would trees be kept. */
export function storageChecks(root: DoctorOptions["root"], rung: RungName): Check[] {
  if (typeof root !== "string") {
    const hint = root.hint === undefined ? {} : { hint: root.hint };
    return [{ id: "root", verdict: "problem", found: root.missing, ...hint }];
  }
  const place = nearestThere(root);
  const trouble = writeHint(root);
  if (trouble !== undefined)
    return [{ id: "root", verdict: "problem", found: `${root} cannot be written`, hint: trouble }];
  return [rootCheck(root, place), diskCheck(place), ...snapshotCheck(place, rung)];
}

function rootCheck(root: string, place: string): Check {
  const type = fileSystemType(place);
  const found = `${root} (${type}${existsSync(root) ? "" : ", not made yet"})`;
  if (!remote.includes(type)) return { id: "root", verdict: "ok", found };
  return { id: "root", verdict: "warning", found, hint: "a root belongs on a local file system: mount another volume" };
}

function diskCheck(place: string): Check {
  const { bavail, bsize, blocks } = statfsSync(place);
  const [free, all] = [bavail * bsize, blocks * bsize];
  const found = `${inGibibytes(free)} GiB of ${inGibibytes(all)} GiB free`;
  if (free >= enough) return { id: "disk", verdict: "ok", found };
  return {
    id: "disk",
    verdict: "warning",
    found,
    hint: "mount a larger volume, or raise the pod's ephemeral-storage limit",
  };
}

/** In a user namespace it is another matter, which is found out when a build enters one. */
function snapshotCheck(place: string, rung: RungName): Check[] {
  if (rung === "rootless") return [];
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(place, ".cooper-doctor-"));
    const { snapshots, why } = probeSnapshots(folder);
    const found = why === undefined ? snapshots : `${snapshots}: ${why}`;
    return [{ id: "snapshots", verdict: snapshots === "overlayfs" ? "ok" : "note", found }];
  } catch (error) {
    return [{ id: "snapshots", verdict: "problem", found: messageOf(error) }];
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function nearestThere(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestThere(dirname(path));
}

const inGibibytes = (bytes: number): string => (bytes / gibibyte).toFixed(1);
