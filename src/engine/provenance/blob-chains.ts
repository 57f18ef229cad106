import { layerRecord, type Ref } from "../../ops/index.ts";
import type { LayerBlob } from "../../provenance/index.ts";
import { isFoundation, type LayerRecord, type SnapshotId, type Storage } from "../../storage/index.ts";

/** A layer's blobs, one per compression, that are here or can be had. */
type Layer = Promise<readonly LayerRecord[]>;
export type Chains = readonly (readonly LayerBlob[])[];

/** The blobs that trees are made of, as far as there are any: nothing is packed. Trees that share layers are read once. */
export class BlobChains {
  readonly #storage: Storage;
  readonly #layers = new Map<SnapshotId, readonly Layer[]>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** A chain per compression of the topmost layer; none when some layer has no blob. */
  async of(ref: Ref): Promise<Chains> {
    const records = await Promise.all(this.#layersOf(ref));
    if (records.length === 0 || records.some((list) => list.length === 0)) return [];
    const chains = (records.at(-1) ?? []).map(({ compression }) =>
      records.map((list) => blobOf((list.find((one) => one.compression === compression) ?? list[0]) as LayerRecord)),
    );
    const names = chains.map((chain) => chain.map(({ digest }) => digest).join(" "));
    return chains.filter((_, index) => names.indexOf(names[index] as string) === index);
  }

  #layersOf(ref: Ref): readonly Layer[] {
    if (ref.kind === "layers") return ref.layers.map(async (layer) => [layerRecord(layer)]);
    return ref.kind === "snapshot" ? this.#layersBelow(ref.id) : [];
  }

  /** The snapshot's layers and all below, lowest first. */
  #layersBelow(top: SnapshotId): readonly Layer[] {
    const { snapshots } = this.#storage;
    const unread = [];
    let at: SnapshotId | undefined = top;
    while (at !== undefined && !this.#layers.has(at)) {
      const info = snapshots.get(at);
      if (info === undefined) return [];
      unread.push(info);
      at = info.parent;
    }
    let layers = at === undefined ? [] : (this.#layers.get(at) ?? []);
    for (const info of unread.reverse()) {
      if (!isFoundation(info)) layers = [...layers, this.#recordsOf(info.id)];
      this.#layers.set(info.id, layers);
    }
    return layers;
  }

  async #recordsOf(id: SnapshotId): Layer {
    const { layers, blobs } = this.#storage;
    const here = layers.list(id).map(async (record) => {
      const { digest, size } = record.descriptor;
      return record.from.length > 0 || (await blobs.size(digest)) === size ? [record] : [];
    });
    return (await Promise.all(here)).flat();
  }
}

function blobOf({ descriptor: { mediaType, digest, size, annotations = {} } }: LayerRecord): LayerBlob {
  const shown = Object.entries(annotations).filter(([key]) => !isInternal(key));
  return { mediaType, digest, size, ...(shown.length > 0 && { annotations: Object.fromEntries(shown) }) };
}

/** What only a builder's own store has a use for. */
function isInternal(key: string): boolean {
  return /^(?:containerd\.io\/uncompressed|buildkit\/createdat|containerd\.io\/distribution\.source\..*)$/.test(key);
}
