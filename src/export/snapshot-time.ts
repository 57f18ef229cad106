import type { Storage } from "../storage/index.ts";
import type { ExportLayer } from "./contract.ts";

/**
 * When a layer came to be, RFC 3339. It goes into the image config, so it must not change from one export to the next: when
 * nobody knows it, the time of the first export is kept. An image's own layers have their times in its history.
 */
export function createdOf(layer: ExportLayer | undefined, storage: Storage): string | undefined {
  if (layer?.kind !== "snapshot") return undefined;
  if (layer.createdAt !== undefined) return layer.createdAt.toISOString();
  const known = storage.records.get("export/created", layer.id);
  if (known !== undefined) return known;
  const now = new Date().toISOString();
  storage.records.set("export/created", layer.id, now);
  return now;
}
