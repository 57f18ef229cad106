import { join } from "node:path";
import { probeOverlay } from "./mounts/overlay-support.ts";
import { mayChangeOwners } from "./snapshots/owners-probe.ts";

/** How trees would be kept below a folder that can be written, and why not better. Nothing stays of the trial. */
export function probeSnapshots(folder: string): {
  readonly snapshots: "overlayfs" | "native" | "recorded";
  readonly why: string | undefined;
} {
  if (!mayChangeOwners(folder)) return { snapshots: "recorded", why: "this process may not change owners" };
  const overlay = probeOverlay(join(folder, "overlay-probe"));
  return overlay instanceof Error
    ? { snapshots: "native", why: overlay.message }
    : { snapshots: "overlayfs", why: undefined };
}
