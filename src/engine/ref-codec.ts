import { isDigest } from "../kit/index.ts";
import type { ImageLayer, Ref } from "../ops/index.ts";
import type { SnapshotId, SnapshotStore } from "../storage/index.ts";

/** Results as text. A folder of the caller's is never stored: undefined. */
export function encodeRefs(refs: readonly Ref[]): string | undefined {
  return refs.some((ref) => ref.kind === "folder") ? undefined : JSON.stringify(refs);
}

/** The results that the text says, when all of them are still here; anything else is a miss, not an error. */
export function decodeRefs(text: string, snapshots: SnapshotStore): readonly Ref[] | undefined {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  const refs = list.map((entry: unknown) => decodeRef(entry, snapshots));
  return refs.every((ref) => ref !== undefined) ? refs : undefined;
}

function decodeRef(entry: unknown, snapshots: SnapshotStore): Ref | undefined {
  if (typeof entry !== "object" || entry === null || !("kind" in entry)) return undefined;
  if (entry.kind === "scratch") return { kind: "scratch" };
  if (entry.kind === "snapshot" && "id" in entry && typeof entry.id === "string") {
    const id = entry.id as SnapshotId;
    return snapshots.get(id) === undefined ? undefined : { kind: "snapshot", id };
  }
  if (entry.kind === "layers" && "layers" in entry && Array.isArray(entry.layers)) {
    // Layers that are here are a snapshot by now. Others are looked up anew: where they were last time may be gone.
    const top = entry.layers.at(-1) as ImageLayer | undefined;
    const here = isDigest(`${top?.chainId}`) ? snapshots.byName(`${top?.chainId}`) : undefined;
    return here && { kind: "snapshot", id: here.id };
  }
  return undefined;
}
