import { type Bytes, CooperError, isCooperError, splitDigest } from "../../../kit/index.ts";
import type { Descriptor } from "../../../oci/index.ts";
import type { RegistryClient } from "../../../registry/index.ts";
import type { Storage } from "../../../storage/index.ts";
import type { OpScope } from "../../contract.ts";
import { accessOf } from "../access.ts";
import { layoutBlob, layoutStore } from "./layout-origin.ts";
import { unclosed } from "./passing-bytes.ts";

/** Where a blob can be had from: canonical references, newest last. */
export interface LayerSource {
  readonly descriptor: Descriptor;
  readonly from: readonly string[];
}

/** Progress lines are sent at most this often. */
const reportEveryMs = 100;

/** Brings blobs of layers into storage; each is brought once at a time, whoever asks, also in other processes. */
export class LayerBlobs {
  readonly #storage: Storage;
  readonly #registry: RegistryClient;
  constructor(storage: Storage, registry: RegistryClient) {
    this.#storage = storage;
    this.#registry = registry;
  }

  async has({ descriptor }: LayerSource): Promise<boolean> {
    return (await this.#storage.blobs.size(descriptor.digest)) === descriptor.size;
  }

  /** Makes the blob present. Throws `registry/…`, `storage/…`. */
  fetch(layer: LayerSource, scope: OpScope): Promise<void> {
    return this.receive(layer, undefined, scope);
  }

  /**
   * Makes the blob present, and gives its bytes to `work` meanwhile: as they come, or from storage when they are here by then. Bytes
   * that come are not verified yet while `work` sees them: what it makes counts when this resolves. `work` may be called again
   * after a broken transfer.
   */
  async receive(
    layer: LayerSource,
    work: ((bytes: Bytes) => Promise<void>) | undefined,
    scope: OpScope,
  ): Promise<void> {
    const { digest } = layer.descriptor;
    await this.#storage.exclusive(`blob-${splitDigest(digest).hex}`, scope, async () => {
      if (await this.has(layer)) return work?.(this.#storage.blobs.read(layer.descriptor, scope));
      await this.#download(layer, work, scope);
    });
  }

  async #download(
    layer: LayerSource,
    work: ((bytes: Bytes) => Promise<void>) | undefined,
    scope: OpScope,
  ): Promise<void> {
    let failure: unknown = new CooperError(
      "ops/no-origin",
      `cannot pull ${layer.descriptor.digest}: its origin is unknown`,
    );
    for (const name of [...layer.from].reverse()) {
      try {
        return await this.#downloadFrom(name, layer, work, scope);
      } catch (error) {
        if (scope.signal.aborted) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #downloadFrom(
    name: string,
    layer: LayerSource,
    work: ((bytes: Bytes) => Promise<void>) | undefined,
    scope: OpScope,
  ): Promise<void> {
    const attempt = (bytes: Bytes) => this.#attempt(layer, bytes, work, scope);
    const store = layoutStore(name);
    if (store !== undefined) return attempt(await layoutBlob(store, layer.descriptor.digest, scope));
    const { receiveBlob } = await import("../../../registry/index.ts");
    const options = { verify: false, isWrong: (error: unknown) => isCooperError(error, "storage/blob-digest") };
    const access = accessOf(scope.callers);
    await receiveBlob(this.#registry, name, layer.descriptor, attempt, access, scope, options);
  }

  async #attempt(
    layer: LayerSource,
    source: Bytes,
    work: ((bytes: Bytes) => Promise<void>) | undefined,
    scope: OpScope,
  ): Promise<void> {
    const { descriptor } = layer;
    await using writer = await this.#storage.blobs.writer(scope, descriptor);
    const report = reporter(descriptor, scope);
    report(0);
    const passing = unclosed(source, async (chunk) => {
      await writer.write(chunk);
      report(chunk.byteLength);
    });
    const finish = async () => {
      await passing.drain();
      await writer.commit();
    };
    try {
      try {
        await work?.(passing.bytes);
      } catch (error) {
        // Broken bytes break whoever reads them first; what is wrong with the bytes is the better reason.
        await finish();
        throw error;
      }
      await finish();
    } finally {
      await passing.close();
    }
    report(0, true);
  }
}

/** Tells of the bytes that came, not too often, and of the end. */
function reporter({ digest, size }: Descriptor, scope: OpScope): (bytes: number, done?: boolean) => void {
  const started = Date.now();
  let current = 0;
  let told = 0;
  return (bytes, done = false) => {
    current += bytes;
    const now = Date.now();
    if (!done && now - told < reportEveryMs) return;
    told = now;
    scope.emit({ type: "status", id: digest, current, total: size, started, ...(done && { completed: now }) });
  };
}
