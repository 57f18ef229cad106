import { CooperError, type Digest } from "../../../kit/index.ts";
import {
  bestMatch,
  type Descriptor,
  formatPlatformAll,
  type Index,
  type Manifest,
  type Platform,
  parseImageConfig,
  parseManifest,
} from "../../../oci/index.ts";
import type { RegistryClient } from "../../../registry/index.ts";
import type { Storage } from "../../../storage/index.ts";
import type { ImageLayer, OpScope } from "../../contract.ts";
import { accessOf } from "../access.ts";
import { type AttestationChain, attestationChain } from "./attestation-chain.ts";
import { type DocumentKind, readDocument } from "./documents.ts";
import { imageLayers } from "./layers.ts";
import type { ImageOrigin, Top } from "./origin.ts";
import { registryOrigin } from "./registry-origin.ts";

export interface ResolvedImage {
  /** Canonical name with the digest of what the name pointed to. */
  readonly name: string;
  /** Digest of the manifest or index that the name pointed to. */
  readonly digest: Digest;
  /** Exact config bytes. */
  readonly config: Buffer;
  readonly layers: readonly ImageLayer[];
}

/** An index may name an index; nobody needs more of them. */
const deepestIndex = 4;

/**
 * Finds images, once per name and platform: make one per job, so that a tag means one image in one build. Manifests and configs
 * are kept in storage, verified.
 */
export class ImageResolver {
  readonly #storage: Pick<Storage, "blobs">;
  readonly #registry: ImageOrigin;
  readonly #client: RegistryClient;
  readonly #tops = new Map<string, Promise<Top>>();
  readonly #images = new Map<string, Promise<ResolvedImage>>();
  constructor(storage: Pick<Storage, "blobs" | "records">, registry: RegistryClient) {
    this.#storage = storage;
    this.#registry = registryOrigin(storage, registry);
    this.#client = registry;
  }

  /**
   * The image that `name` means for the platform. Throws `registry/…`, `oci/…`, `ops/no-platform` ("no match for platform in
   * manifest …"), `ops/bad-image`.
   */
  resolve(name: string, platform: Platform, scope: OpScope, origin = this.#registry): Promise<ResolvedImage> {
    const canonical = origin.canonical(name);
    return kept(this.#images, `${canonical} ${formatPlatformAll(platform)}`, async () => {
      const top = await this.#top(canonical, origin, scope);
      const pinned = origin.pinned(canonical, top.descriptor.digest);
      const manifest = await this.#choose(pinned, top, platform, origin, scope);
      const config = await this.#read(pinned, manifest.config, "config", origin, scope);
      const diffIds = parseImageConfig(config).diffIds ?? [];
      const layers = imageLayers(pinned, manifest.layers, diffIds, origin.layerSource(pinned));
      return { name: pinned, digest: top.descriptor.digest, config, layers };
    });
  }

  /**
   * What is attested of a registry's image, with the statements whose predicates have these types. Undefined for an image without an
   * index, which can have none. Throws what `resolve` throws.
   */
  async attestations(
    name: string,
    platform: Platform,
    predicateTypes: readonly string[],
    scope: OpScope,
  ): Promise<AttestationChain | undefined> {
    const origin = this.#registry;
    const canonical = origin.canonical(name);
    const top = await this.#top(canonical, origin, scope);
    const { document } = top;
    if (document.kind !== "index") return undefined;
    const pinned = origin.pinned(canonical, top.descriptor.digest);
    const read = (descriptor: Descriptor, what: DocumentKind) => this.#read(pinned, descriptor, what, origin, scope);
    const image = chooseEntry(document, platform);
    const referrers = (digest: Digest) => this.#client.referrers(pinned, digest, accessOf(scope.callers), scope);
    return attestationChain({ root: top.descriptor, index: document, image }, predicateTypes, read, referrers);
  }

  #top(canonical: string, origin: ImageOrigin, scope: OpScope): Promise<Top> {
    return kept(this.#tops, canonical, () => origin.findTop(canonical, scope));
  }

  async #choose(
    name: string,
    top: Top,
    platform: Platform,
    origin: ImageOrigin,
    scope: OpScope,
    depth = 0,
  ): Promise<Manifest> {
    if (top.document.kind === "manifest") return top.document;
    const entry = chooseEntry(top.document, platform);
    const document = parseManifest(await this.#read(name, entry, "manifest", origin, scope), entry.mediaType);
    if (depth >= deepestIndex)
      throw new CooperError("ops/bad-image", `cannot use image ${name}: indexes nest too deep`);
    return this.#choose(name, { descriptor: entry, document }, platform, origin, scope, depth + 1);
  }

  #read(
    name: string,
    descriptor: Descriptor,
    what: DocumentKind,
    origin: ImageOrigin,
    scope: OpScope,
  ): Promise<Buffer> {
    const fetch = () => origin.fetch(name, descriptor, what, scope);
    return readDocument(this.#storage.blobs, descriptor, what, fetch, scope);
  }
}

function chooseEntry(index: Index, platform: Platform): Descriptor {
  const offered = index.manifests.filter((entry) => entry.platform?.os !== "unknown");
  const withPlatform = offered.filter((entry) => entry.platform !== undefined);
  const best = bestMatch(platform, withPlatform, (entry) => entry.platform as Platform);
  // An entry without platform may be for any.
  const entry = best ?? offered.find(({ platform: stated }) => stated === undefined);
  if (entry !== undefined) return entry;
  const names = withPlatform.map((candidate) => formatPlatformAll(candidate.platform as Platform)).join(", ");
  throw new CooperError("ops/no-platform", "no match for platform in manifest: not found", {
    hint: `wanted ${formatPlatformAll(platform)}, the image has ${names === "" ? "none" : names}`,
  });
}

/** The promise kept under the key, or a new one; a failure is not kept. */
function kept<T>(map: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make().catch((error: unknown) => {
    map.delete(key);
    throw error;
  });
  map.set(key, made);
  return made;
}
