import type { Buffers, CompressionChoice, LayerChanges } from "../archive/index.ts";
import { type Digest, type Scope, Semaphore, sha256Fields } from "../kit/index.ts";
import { stargzTarSize, stargzTocDigest } from "../oci/index.ts";
import { isFoundation, isStandalone, type LayerRecord, type SnapshotId, type Storage } from "../storage/index.ts";
import type { ExportLayer, ExportNeeds } from "./contract.ts";
import { layerMediaType } from "./layer-media-type.ts";

/** How the layers of an export are wanted. */
export interface LayerWish {
  readonly compression: CompressionChoice;
  readonly force: boolean;
  /** Lowers mtimes to this (seconds since 1970) in layers that are not the base image's. */
  readonly rewriteTo: number | undefined;
}

/** A layer that is known by descriptor; its bytes are in the blob store, or can be fetched. */
export interface ReadyLayer {
  readonly record: LayerRecord;
  /** Where its records are kept. Undefined for a layer that has never been here. */
  readonly snapshot: SnapshotId | undefined;
  /** For its descriptor in the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
}

const atOnce = 2;
/** Upstream's mark of a layer whose times were lowered; the value is the epoch. */
const rewrittenTimestamp = "buildkit/rewritten-timestamp";

/**
 * Gets or creates the blobs of layers. Every blob is made once per snapshot and wish, also when several exporters or
 * processes want it at once, and two at a time, since compression itself uses several cores.
 */
export class LayerSource {
  readonly #storage: Storage;
  readonly #needs: ExportNeeds;
  readonly #slots = new Semaphore(atOnce);
  constructor(storage: Storage, needs: ExportNeeds) {
    this.#storage = storage;
    this.#needs = needs;
  }

  /** The layer as wished. `baseDiffId` is the base image's layer at this place: that one keeps its times. */
  async get(layer: ExportLayer, wish: LayerWish, baseDiffId: Digest | undefined, scope: Scope): Promise<ReadyLayer> {
    const plain = { ...wish, rewriteTo: undefined };
    if (layer.kind === "pending")
      return await this.#ofImage(layer.record, wish.force ? wish.compression : undefined, scope);
    const { id } = layer;
    if (wish.rewriteTo === undefined) return { record: await this.#ofSnapshot(id, plain, scope), snapshot: id };
    const known = this.#usable(id, plain);
    const immutable =
      baseDiffId !== undefined && this.#storage.layers.list(id).some((one) => one.diffId === baseDiffId);
    if (immutable) return { record: known ?? (await this.#ofSnapshot(id, plain, scope)), snapshot: id };
    const record = await this.#rewritten(id, wish, wish.rewriteTo, scope);
    return { record, snapshot: undefined, annotations: { [rewrittenTimestamp]: `${wish.rewriteTo}` } };
  }

  /** Makes sure that the layer's bytes are in the blob store. */
  async fetch(layer: ReadyLayer, scope: Scope): Promise<void> {
    const { digest } = layer.record.descriptor;
    if ((await this.#storage.blobs.size(digest)) !== layer.record.descriptor.size)
      await this.#needs.fetchLayer(layer.record, scope);
  }

  async #ofSnapshot(id: SnapshotId, wish: LayerWish, scope: Scope): Promise<LayerRecord> {
    const { compression } = wish;
    const known = await this.#present(this.#usable(id, wish));
    if (known !== undefined) return known;
    return await this.#slots.run(scope.signal, () =>
      this.#storage.exclusive(`layer-${id}-${compression.kind}`, scope, async () => {
        const meanwhile = await this.#present(this.#usable(id, wish));
        if (meanwhile !== undefined) return meanwhile;
        const other = await this.#present(this.#storage.layers.list(id)[0]);
        // The very bytes that the image was unpacked from make the same layer; those of the tree might not.
        const record =
          other === undefined
            ? await this.#pack(id, compression, undefined, scope)
            : await this.#converted(other, compression, scope);
        this.#storage.layers.add(id, record);
        return record;
      }),
    );
  }

  /** A record that can be used as it is: any compression will do unless one is forced. */
  #usable(id: SnapshotId, wish: LayerWish): LayerRecord | undefined {
    const records = this.#storage.layers.list(id);
    return wish.force ? records.find((record) => record.compression === wish.compression.kind) : records[0];
  }

  /** The record, if its blob is here or can be had. */
  async #present(record: LayerRecord | undefined): Promise<LayerRecord | undefined> {
    if (record === undefined || record.from.length > 0) return record;
    return (await this.#storage.blobs.size(record.descriptor.digest)) === record.descriptor.size ? record : undefined;
  }

  async #ofImage(record: LayerRecord, forced: CompressionChoice | undefined, scope: Scope): Promise<ReadyLayer> {
    if (forced === undefined || record.compression === forced.kind) return { record, snapshot: undefined };
    const key = `${record.descriptor.digest} ${forced.kind} ${forced.level ?? ""}`;
    const converted = await this.#remembered(key, scope, () => this.#converted(record, forced, scope));
    return { record: converted, snapshot: undefined };
  }

  async #rewritten(id: SnapshotId, wish: LayerWish, epoch: number, scope: Scope): Promise<LayerRecord> {
    const { kind, level } = wish.compression;
    const key = `${id} ${epoch} ${kind} ${level ?? ""}`;
    return await this.#remembered(key, scope, () => this.#pack(id, wish.compression, epoch, scope));
  }

  /** Records of blobs that are no plain blob of a snapshot. */
  async #remembered(key: string, scope: Scope, make: () => Promise<LayerRecord>): Promise<LayerRecord> {
    const read = async () => {
      const text = this.#storage.records.get("export-layers", key);
      return await this.#present(text === undefined ? undefined : (JSON.parse(text) as LayerRecord));
    };
    const known = await read();
    if (known !== undefined) return known;
    return await this.#slots.run(scope.signal, () =>
      this.#storage.exclusive(`layer-${sha256Fields(key).slice(7, 39)}`, scope, async () => {
        const meanwhile = await read();
        if (meanwhile !== undefined) return meanwhile;
        const record = await make();
        this.#storage.records.set("export-layers", key, JSON.stringify(record));
        return record;
      }),
    );
  }

  async #pack(
    id: SnapshotId,
    choice: CompressionChoice,
    epoch: number | undefined,
    scope: Scope,
  ): Promise<LayerRecord> {
    const changes = layerChanges(this.#storage, id);
    const { layerTar, pieceBuffers } = await import("../archive/index.ts");
    const buffers = pieceBuffers();
    const tar = layerTar(changes, epoch === undefined ? {} : { latestMtime: epoch }, scope, buffers);
    return await this.#write(tar, choice, scope, buffers);
  }

  async #converted(record: LayerRecord, choice: CompressionChoice, scope: Scope): Promise<LayerRecord> {
    await this.fetch({ record, snapshot: undefined }, scope);
    const { plainTarOf } = await import("../archive/index.ts");
    const tar = plainTarOf(await this.#storage.blobs.path(record.descriptor.digest), scope);
    return await this.#write(tar, choice, scope);
  }

  /** `buffers`: where the tar's pieces come from, and go again. */
  async #write(
    tar: AsyncIterable<Uint8Array>,
    choice: CompressionChoice,
    scope: Scope,
    buffers?: Buffers,
  ): Promise<LayerRecord> {
    await using writer = await this.#storage.blobs.hashedWriter(scope);
    const { packLayer } = await import("../archive/index.ts");
    const packed = await packLayer(tar, choice, (chunk) => writer.write(chunk), scope, buffers);
    await writer.commit({ digest: packed.digest, size: packed.size });
    const annotations = packed.toc && { [stargzTocDigest]: packed.toc, [stargzTarSize]: `${packed.tarSize}` };
    return {
      descriptor: {
        mediaType: layerMediaType(choice.kind),
        digest: packed.digest,
        size: packed.size,
        ...(annotations && { annotations }),
      },
      diffId: packed.diffId,
      compression: choice.kind,
      from: [],
    };
  }
}

/** The next snapshot below that is a layer. */
function layerBelow(id: SnapshotId, snapshots: Storage["snapshots"]): SnapshotId | undefined {
  const parent = snapshots.get(id)?.parent;
  const info = parent === undefined ? undefined : snapshots.get(parent);
  return info !== undefined && isFoundation(info) ? info.parent : parent;
}

/** Where a snapshot's own changes are, and what they are changes of. */
function layerChanges(storage: Storage, id: SnapshotId): LayerChanges {
  const { snapshots } = storage;
  const own = snapshots.changes(id);
  const parent = layerBelow(id, snapshots);
  if (own.form === "whole") {
    const below = parent === undefined ? undefined : snapshots.changes(parent);
    return {
      form: "whole",
      tree: own.folder,
      files: own.files,
      ...(below === undefined ? {} : { parent: below.folder, parentFiles: below.files }),
    };
  }
  const below = parent === undefined || isStandalone(id, storage) ? undefined : snapshots.view(parent);
  const lower = below === undefined ? [] : below.kind === "folder" ? [below.path] : below.layers;
  return { form: "overlay", upper: own.folder, lower };
}
