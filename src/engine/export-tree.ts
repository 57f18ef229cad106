import type { ExportLayer, ExportTree } from "../export/index.ts";
import { CooperError } from "../kit/index.ts";
import type { ImageLayer, Ref } from "../ops/index.ts";
import type { LayerRecord, SnapshotStore } from "../storage/index.ts";

/** A result as exporters see it. Throws `engine/cannot-export` for a caller's folder. */
export function exportTree(ref: Ref | undefined, snapshots: SnapshotStore): ExportTree {
  switch (ref?.kind) {
    case undefined:
    case "scratch":
      return { layers: [] };
    case "layers":
      return { layers: ref.layers.map((layer) => ({ kind: "pending", record: recordOf(layer) })) };
    case "snapshot":
      return {
        layers: snapshots.chain(ref.id).map(({ id }): ExportLayer => ({ kind: "snapshot", id, createdBy: "" })),
      };
    case "folder":
      throw new CooperError("engine/cannot-export", "cannot export a local directory as it is", {
        hint: "copy what you want of it",
      });
  }
}

function recordOf({ descriptor, diffId, from }: ImageLayer): LayerRecord {
  return { descriptor, diffId, from, compression: compressionOf(descriptor.mediaType) };
}

function compressionOf(mediaType: string): LayerRecord["compression"] {
  if (mediaType.endsWith("gzip")) return "gzip";
  return mediaType.endsWith("zstd") ? "zstd" : "uncompressed";
}
