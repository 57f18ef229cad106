import type { ExportLayer, ExportTree } from "../export/index.ts";
import { CooperError } from "../kit/index.ts";
import { type ImageLayer, layerRecord, type Ref } from "../ops/index.ts";
import { isFoundation, type SnapshotStore } from "../storage/index.ts";

/** A result as exporters see it. Throws `engine/cannot-export` for a caller's folder. */
export function exportTree(ref: Ref | undefined, snapshots: SnapshotStore): ExportTree {
  switch (ref?.kind) {
    case undefined:
    case "scratch":
      return { layers: [] };
    case "layers":
      return { layers: ref.layers.map(pendingLayer) };
    case "snapshot":
      return {
        layers: snapshots
          .chain(ref.id)
          .filter((info) => !isFoundation(info))
          .map(({ id, created }): ExportLayer => ({ kind: "snapshot", id, createdBy: "", createdAt: created })),
      };
    case "folder":
      throw new CooperError("engine/cannot-export", "cannot export a local directory that is no snapshot");
  }
}

function pendingLayer(layer: ImageLayer): ExportLayer {
  const { createdAt } = layer;
  const record = layerRecord(layer);
  return { kind: "pending", record, ...(createdAt !== undefined && { createdAt: new Date(createdAt) }) };
}
