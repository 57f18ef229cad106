import type { History } from "../oci/index.ts";
import { epochText, isAfterEpoch } from "./epoch.ts";

/** What is known of a layer besides its bytes. */
export interface LayerInfo {
  readonly createdBy: string;
  /** RFC 3339; undefined for an image's own layers. */
  readonly created: string | undefined;
}

/**
 * Makes the history account for exactly the layers there are: surplus records become empty ones, missing ones are made from
 * what is known of the layer. Then every record gets a time: its own, its layer's, or that of a neighbour.
 */
export function completeHistory(history: readonly History[], layers: readonly LayerInfo[]): History[] {
  return fillTimes(withLayerTimes(accountForLayers(history, layers), layers));
}

function accountForLayers(history: readonly History[], layers: readonly LayerInfo[]): History[] {
  let accounted = 0;
  const trimmed = history.map((entry): History => {
    if (entry.emptyLayer === true) return entry;
    return accounted++ < layers.length ? entry : { ...entry, emptyLayer: true };
  });
  const missing = layers.slice(accounted).map(
    (layer): History => ({
      createdBy: layer.createdBy || "created by buildkit",
      comment: "buildkit.exporter.image.v0",
    }),
  );
  return [...trimmed, ...missing];
}

function withLayerTimes(history: readonly History[], layers: readonly LayerInfo[]): History[] {
  let layer = 0;
  return history.map((entry) => {
    if (entry.emptyLayer === true) return entry;
    const created = entry.created ?? layers[layer]?.created;
    layer++;
    return created === undefined ? entry : { ...entry, created };
  });
}

/**
 * A record without a time gets the one before it. Before the first new layer that would be a time of the base image, so
 * there it is the first time that comes after the gap.
 */
function fillTimes(history: readonly History[]): History[] {
  const gap = history.findIndex((entry) => entry.created === undefined);
  const afterGap = gap < 0 ? undefined : history.slice(gap).find((entry) => entry.created !== undefined)?.created;
  let current = afterGap ?? history.findLast((entry) => entry.created !== undefined)?.created;
  let inGap = false;
  return history.map((entry) => {
    if (entry.created !== undefined) {
      if (inGap) current = entry.created;
      return entry;
    }
    inGap = true;
    return current === undefined ? entry : { ...entry, created: current };
  });
}

/** Lowers the times of new records to the epoch; records that are the base image's, unchanged, keep theirs. */
export function clampHistory(history: readonly History[], base: readonly History[], epoch: number): History[] {
  let ofBase = true;
  return history.map((entry, index) => {
    ofBase = ofBase && sameRecord(entry, base[index]);
    if (ofBase || (entry.created !== undefined && !isAfterEpoch(entry.created, epoch))) return entry;
    return { ...entry, created: epochText(epoch) };
  });
}

function sameRecord(a: History, b: History | undefined): boolean {
  return (
    b !== undefined &&
    a.created === b.created &&
    (a.createdBy ?? "") === (b.createdBy ?? "") &&
    (a.author ?? "") === (b.author ?? "") &&
    (a.comment ?? "") === (b.comment ?? "") &&
    (a.emptyLayer ?? false) === (b.emptyLayer ?? false)
  );
}
