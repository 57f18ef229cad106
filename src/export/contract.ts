import type { Scope } from "../kit/index.ts";
import type { Platform } from "../oci/index.ts";
import type { OutputTarget } from "../session/index.ts";
import type { LayerRecord, SnapshotId } from "../storage/index.ts";

/** A finished tree to export: either the layers of an untouched image (perhaps not here), or a snapshot, or nothing. */
export interface ExportTree {
  /** Lowest first. A layer of an image that no step needed has a record and no snapshot. */
  readonly layers: readonly ExportLayer[];
}
export type ExportLayer =
  | { readonly kind: "snapshot"; readonly id: SnapshotId; readonly createdBy: string; readonly createdAt: Date }
  | { readonly kind: "pending"; readonly record: LayerRecord; readonly createdAt?: Date };

/** What an exporter gets: one tree (or one per platform) and the frontend's metadata. */
export interface ExportSource {
  readonly images: readonly { readonly platform?: Platform; readonly tree: ExportTree }[];
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  /** The build asked for attestations, so a single image may have an index, too: annotations for that are no mistake. */
  readonly attested?: boolean;
}

export interface ExportScope extends Scope {
  /** One line of export progress with its own timer (`exporting layers`, `pushing manifest for …`). */
  task<T>(name: string, work: (update: (current: number, total?: number) => void) => Promise<T>): Promise<T>;
}

/** What the exporters need from the engine besides storage: bytes of pending layers, and whole trees of them. */
export interface ExportNeeds {
  /** Makes the blob of a pending layer present in the blob store. */
  fetchLayer(record: LayerRecord, scope: Scope): Promise<void>;
  /** Makes the whole tree present as one snapshot (undefined: empty tree). */
  materialise(tree: ExportTree, scope: Scope): Promise<SnapshotId | undefined>;
}

export interface Exporter {
  /** Writes the result out and returns the exporter response (`containerimage.digest`, …). */
  export(source: ExportSource, target: OutputTarget, scope: ExportScope): Promise<Record<string, string>>;
}

/** `name` is what progress calls it: `exporting to image`. */
export interface NamedExporter extends Exporter {
  readonly name: string;
}
