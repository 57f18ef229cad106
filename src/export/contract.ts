import type { Scope } from "../kit/index.ts";
import type { AttestationSubject, Platform } from "../oci/index.ts";
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
  /** What is attested of each platform's result, by the key of its metadata (`linux/amd64`), for a single result too. */
  readonly attestations?: ReadonlyMap<string, readonly Attestation[]>;
  /** Upstream's number for the form of outputs; the newest when absent. */
  readonly compatibilityVersion?: number;
}

/** A statement about a result, or a folder of them. */
export interface Attestation {
  /** A bundle is a folder of files, each a whole statement about its own subjects. */
  readonly kind: "in-toto" | "bundle";
  /** Of a bundle: what all its statements must have; empty for any. */
  readonly predicateType: string;
  /** None: the result itself. */
  readonly subjects: readonly AttestationSubject[];
  /** The file in the body's tree (a bundle's folder); its last part is the name for local and tar outputs (`provenance.json`). */
  readonly path: string;
  /** Why it was made: `sbom`, `provenance`. */
  readonly reason?: string;
  /** Only for outputs that keep statements in the image, not for folders, nor where it would be the only reason for an index. */
  readonly inlineOnly?: boolean;
  /** Of bills of materials: the name (before the first dot) of the file that describes the result itself. */
  readonly sbomCore?: string;
  /** Absent when a frontend gave none, which exporters refuse. */
  readonly body?: AttestationBody;
}
/** The predicate's JSON. `made` is asked at export time, once per exporter; only the builder's own bodies are `bytes` and `made`. */
export type AttestationBody =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "made"; readonly make: (scope: Scope) => Promise<Uint8Array> }
  | { readonly kind: "tree"; readonly tree: ExportTree };

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
