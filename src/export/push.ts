import { CooperError, isCooperError, prefixed, Semaphore, settleAll, withChildScope } from "../kit/index.ts";
import {
  formatReference,
  parseReference,
  type Reference,
  repositoryName,
  withDefaultTag,
  withDigest,
} from "../oci/index.ts";
import type { CredentialsSource, RegistryAccess, RegistryClient } from "../registry/index.ts";
import type { Storage } from "../storage/index.ts";
import type { CommittedImage, CommittedManifest } from "./commit.ts";
import type { ExportNeeds, ExportScope } from "./contract.ts";
import type { Document } from "./document.ts";
import { isNonDistributable } from "./layer-media-type.ts";
import type { LayerSource, ReadyLayer } from "./layers.ts";

export interface PushOptions {
  /** As the user gave them. */
  readonly names: readonly string[];
  readonly byDigest: boolean;
  readonly insecure: boolean;
}

export interface PushParts {
  readonly storage: Storage;
  readonly needs: ExportNeeds;
  readonly layers: LayerSource;
  readonly registry: RegistryClient;
  readonly credentials: CredentialsSource;
}

/** Uploads at one time, for one image. */
const uploadsAtOnce = 4;
/** Repositories that are remembered as having a layer. */
const rememberedSources = 8;

/**
 * Pushes an image under several names. Layers are given one by one as they get ready and go at once; the rest, and whether all
 * went well, is `finish`'s. A later name mounts what an earlier one uploaded.
 */
class ImagePush {
  readonly #options: PushOptions;
  readonly #parts: PushParts;
  readonly #scope: ExportScope;
  readonly #slots = new Semaphore(uploadsAtOnce);
  /** By name and digest: each blob goes once to each name. */
  readonly #running = new Map<string, Promise<void>>();
  readonly #onFailure: (error: unknown) => void;
  /** `onFailure` is told at once when a layer cannot be pushed, so that no more of them are made. */
  constructor(options: PushOptions, parts: PushParts, scope: ExportScope, onFailure: (error: unknown) => void) {
    this.#options = options;
    this.#parts = parts;
    this.#scope = scope;
    this.#onFailure = onFailure;
  }

  /** Starts pushing a layer. Never throws: `onFailure` or `finish` tell how it went. */
  layer(layer: ReadyLayer, mediaType: string): void {
    if (isNonDistributable(mediaType)) return;
    for (const [index, name] of this.#options.names.entries()) {
      this.#upload(name, index, layer, mediaType).catch((cause: unknown) => {
        if (!this.#scope.signal.aborted) this.#onFailure(failedPush(name, cause));
      });
    }
  }

  /** Waits for the layers, then pushes configs and manifests. Throws `failed to push NAME: …` with the registry's code. */
  async finish(image: CommittedImage): Promise<void> {
    for (const [index, name] of this.#options.names.entries()) {
      try {
        await this.#finishName(name, index, image);
      } catch (cause) {
        throw this.#scope.signal.aborted ? this.#scope.signal.reason : failedPush(name, cause);
      }
    }
  }

  /** Waits until nothing runs any more; for the way out after a failure. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  async #finishName(name: string, index: number, image: CommittedImage): Promise<void> {
    const target = this.#target(name);
    await this.#scope.task("pushing layers", async () => {
      await settleAll([
        ...image.manifests.map((manifest) => () => this.#blobsOf(manifest, name, index)),
        ...image.attestations
          .flatMap(({ layers, config }) => [...layers, config])
          .map((document) => () => this.#document(name, document)),
      ]);
    });
    const root = image.index ?? image.manifests[0];
    if (root === undefined) return;
    const shown = this.#options.byDigest
      ? repositoryName(target)
      : formatReference(withDigest(withDefaultTag(target), root.descriptor.digest));
    await this.#scope.task(`pushing manifest for ${shown}`, async () => {
      const inner = image.index === undefined ? [] : [...image.manifests, ...image.attestations];
      for (const manifest of inner) await this.#manifest(target, manifest, true);
      await this.#manifest(target, root, this.#options.byDigest);
    });
  }

  async #blobsOf(manifest: CommittedManifest, name: string, index: number): Promise<void> {
    const layers = manifest.layers.filter(({ descriptor }) => !isNonDistributable(descriptor.mediaType));
    await settleAll([
      ...layers.map((layer) => () => this.#upload(name, index, layer.ready, layer.descriptor.mediaType)),
      () => this.#document(name, manifest.config),
    ]);
  }

  #upload(name: string, index: number, layer: ReadyLayer, mediaType: string): Promise<void> {
    return this.#once(`${name} ${layer.record.descriptor.digest}`, async () => {
      const earlier = this.#options.names.slice(0, index);
      await Promise.allSettled(earlier.map((other) => this.#running.get(`${other} ${layer.record.descriptor.digest}`)));
      await this.#slots.run(this.#scope.signal, () => this.#push(this.#target(name), layer, mediaType, earlier));
    });
  }

  #once(key: string, work: () => Promise<void>): Promise<void> {
    const running = this.#running.get(key) ?? work();
    this.#running.set(key, running);
    return running;
  }

  async #push(target: Reference, layer: ReadyLayer, mediaType: string, earlier: readonly string[]): Promise<void> {
    const { layers, registry, storage } = this.#parts;
    const { digest, size } = layer.record.descriptor;
    const scope = this.#scope;
    const open = async function* () {
      await layers.fetch(layer, scope);
      yield* storage.blobs.read({ digest, size }, scope);
    };
    const mountFrom = [...layer.record.from, ...earlier.map((name) => repositoryName(this.#target(name)))];
    const repository = repositoryName(target);
    await registry.pushBlob(repository, { mediaType, digest, size }, { mountFrom, open }, this.#access, scope);
    this.#remember(layer, repository);
  }

  /** Other images that share the layer can mount it from here. */
  #remember({ record, snapshot }: ReadyLayer, repository: string): void {
    if (snapshot === undefined || record.from.includes(repository)) return;
    const current = this.#parts.storage.layers
      .list(snapshot)
      .find((one) => one.descriptor.digest === record.descriptor.digest);
    if (current === undefined || current.from.includes(repository)) return;
    const from = [...current.from, repository].slice(-rememberedSources);
    this.#parts.storage.layers.add(snapshot, { ...current, from });
  }

  #document(name: string, { descriptor, bytes }: Document): Promise<void> {
    return this.#once(`${name} ${descriptor.digest}`, async () => {
      const open = async function* () {
        yield bytes;
      };
      const repository = repositoryName(this.#target(name));
      const { registry } = this.#parts;
      await this.#slots.run(this.#scope.signal, () =>
        registry.pushBlob(repository, descriptor, { mountFrom: [], open }, this.#access, this.#scope),
      );
    });
  }

  async #manifest(target: Reference, { descriptor, bytes }: Document, byDigest: boolean): Promise<void> {
    const { digest: _, ...bare } = withDefaultTag(target);
    const name = byDigest ? repositoryName(target) : formatReference(bare);
    await this.#parts.registry.pushManifest(name, descriptor, bytes, { byDigest }, this.#access, this.#scope);
  }

  #target(name: string): Reference {
    const target = parseReference(name);
    if (this.#options.byDigest && (target.tag !== undefined || target.digest !== undefined)) {
      throw new CooperError("export/bad-attribute", `can't push tagged ref ${formatReference(target)} by digest`);
    }
    return target;
  }

  get #access(): RegistryAccess {
    const { credentials } = this.#parts;
    return this.#options.insecure ? { credentials, host: { insecure: true, http: true } } : { credentials };
  }
}

/**
 * Runs `work` with a push that begins beside it. Whatever happens, nothing of the push runs on afterwards: a failure of
 * either side stops the other.
 */
export async function withPush<T>(
  options: PushOptions,
  parts: PushParts,
  scope: ExportScope,
  work: (push: ImagePush, scope: ExportScope) => Promise<T>,
): Promise<T> {
  return await withChildScope(scope, async (child, abort) => {
    const push = new ImagePush(options, parts, child, abort);
    try {
      return await work(push, child);
    } catch (error) {
      abort(error);
      throw error;
    } finally {
      await push.settled();
    }
  });
}

/** `failed to push NAME: …` with the registry's code; anything that is no Cooper error passes as it is. */
function failedPush(name: string, cause: unknown): unknown {
  return isCooperError(cause) ? prefixed(`failed to push ${name}`, cause, cause.code) : cause;
}
