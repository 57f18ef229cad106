import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CooperError, collect, type Digest, sha256 } from "../../kit/index.ts";
import type { LayerRecord, SnapshotId, Storage } from "../../storage/index.ts";

/** As much of a storage as the image exporters touch: documents by digest in memory, layers as holes of the right size. */
export class FakeStorage implements AsyncDisposable {
  readonly documents = new Map<Digest, Buffer>();
  readonly holes = new Map<Digest, number>();
  readonly layerRecords = new Map<SnapshotId, LayerRecord[]>();
  readonly #records = new Map<string, string>();
  readonly #folder: string;
  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(): Promise<FakeStorage> {
    return new FakeStorage(await mkdtemp(join(tmpdir(), "cooper-fake-storage-")));
  }

  /** A snapshot with one layer of which only the size is real. */
  addLayer(id: string, record: LayerRecord): SnapshotId {
    this.holes.set(record.descriptor.digest, record.descriptor.size);
    this.layerRecords.set(id as SnapshotId, [record]);
    return id as SnapshotId;
  }

  /** This fake as the contract; what is not here throws when it is used. */
  get storage(): Storage {
    const parts: Partial<Storage> = {
      records: {
        get: (space, key) => this.#records.get(`${space} ${key}`),
        set: (space, key, value) => void this.#records.set(`${space} ${key}`, value),
        delete: (space, key) => void this.#records.delete(`${space} ${key}`),
      },
      layers: {
        list: (id) => this.layerRecords.get(id) ?? [],
        add: (id, record) => void this.layerRecords.set(id, [...(this.layerRecords.get(id) ?? []), record]),
      },
      exclusive: (_name, _scope, work) => work(),
      blobs: this.#blobs(),
    };
    return parts as Storage;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #blobs(): Storage["blobs"] {
    const sizeOf = (digest: Digest) => this.documents.get(digest)?.byteLength ?? this.holes.get(digest);
    const parts: Partial<Storage["blobs"]> = {
      size: async (digest) => sizeOf(digest),
      path: async (digest) => {
        const path = join(this.#folder, digest.replace(":", "-"));
        await writeFile(path, this.documents.get(digest) ?? "");
        await truncate(path, sizeOf(digest) ?? 0);
        return path;
      },
      put: async (source, _scope, expected) => {
        const bytes = await collect(source, 1e8);
        const digest = sha256(bytes);
        if (expected !== undefined && expected.digest !== digest)
          throw new CooperError("storage/blob-digest", "wrong digest");
        this.documents.set(digest, bytes);
        return { digest, size: bytes.byteLength };
      },
    };
    return parts as Storage["blobs"];
  }
}
