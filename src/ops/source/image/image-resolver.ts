import { CooperError, type Digest } from "../../../kit/index.ts";
import {
  bestMatch,
  canonicalReference,
  type Descriptor,
  formatPlatformAll,
  formatReference,
  type Index,
  type Manifest,
  type Platform,
  parseImageConfig,
  parseManifest,
  parseReference,
  withDigest,
} from "../../../oci/index.ts";
import type { RegistryClient } from "../../../registry/index.ts";
import type { Storage } from "../../../storage/index.ts";
import type { ImageLayer, OpScope } from "../../contract.ts";
import { accessOf } from "../access.ts";
import { keepDocument, readDocument } from "./documents.ts";
import { imageLayers } from "./layers.ts";

export interface ResolvedImage {
  /** Canonical name with the digest of what the name pointed to. */
  readonly name: string;
  /** Digest of the manifest or index that the name pointed to. */
  readonly digest: Digest;
  /** Exact config bytes. */
  readonly config: Buffer;
  readonly layers: readonly ImageLayer[];
}

/**
 * Finds images in registries, once per name and platform: make one per job, so that a tag means one image in one build.
 * Manifests and configs are kept in storage; a name with a digest needs no network when they are there.
 */
export class ImageResolver {
  readonly #storage: Pick<Storage, "blobs">;
  readonly #registry: () => Promise<RegistryClient>;
  readonly #tops = new Map<string, Promise<Top>>();
  readonly #images = new Map<string, Promise<ResolvedImage>>();
  constructor(storage: Pick<Storage, "blobs">, registry: () => Promise<RegistryClient>) {
    this.#storage = storage;
    this.#registry = registry;
  }

  /**
   * The image that `name` means for the platform. Throws `registry/…`, `oci/…`, `ops/no-platform` ("no match for platform in
   * manifest …"), `ops/bad-image`.
   */
  resolve(name: string, platform: Platform, scope: OpScope): Promise<ResolvedImage> {
    const canonical = canonicalReference(name);
    return kept(this.#images, `${canonical} ${formatPlatformAll(platform)}`, () =>
      this.#resolve(canonical, platform, scope),
    );
  }

  async #resolve(name: string, platform: Platform, scope: OpScope): Promise<ResolvedImage> {
    const top = await kept(this.#tops, name, () => this.#findTop(name, scope));
    const pinned = formatReference(withDigest(parseReference(name), top.descriptor.digest));
    const manifest = await this.#choose(pinned, top, platform, scope);
    const config = await this.#read(pinned, manifest.config, "config", scope);
    const { diffIds } = parseImageConfig(config);
    return {
      name: pinned,
      digest: top.descriptor.digest,
      config,
      layers: imageLayers(pinned, manifest.layers, diffIds ?? []),
    };
  }

  async #findTop(name: string, scope: OpScope): Promise<Top> {
    const { digest } = parseReference(name);
    const { blobs } = this.#storage;
    const size = digest === undefined ? undefined : await blobs.size(digest);
    if (digest !== undefined && size !== undefined) {
      const bytes = await blobs.readAll({ digest, size }, scope);
      return { descriptor: { mediaType: "", digest, size }, document: parseManifest(bytes) };
    }
    const registry = await this.#registry();
    const { descriptor, bytes } = await registry.resolve(name, accessOf(scope.callers), scope);
    const document = parseManifest(bytes, descriptor.mediaType);
    await keepDocument(blobs, descriptor, bytes, scope);
    return { descriptor, document };
  }

  async #choose(name: string, top: Top, platform: Platform, scope: OpScope): Promise<Manifest> {
    if (top.document.kind === "manifest") return top.document;
    const entry = chooseEntry(top.document, top.descriptor.digest, platform);
    const bytes = await this.#read(name, entry, "manifest", scope);
    const manifest = parseManifest(bytes, entry.mediaType);
    if (manifest.kind === "manifest") return manifest;
    return this.#choose(name, { descriptor: entry, document: manifest }, platform, scope);
  }

  #read(name: string, descriptor: Descriptor, what: "manifest" | "config", scope: OpScope): Promise<Buffer> {
    const fetch = async () => {
      const registry = await this.#registry();
      const access = accessOf(scope.callers);
      if (what === "manifest") return registry.manifest(name, descriptor, access, scope);
      return gather(registry.blob(name, descriptor, access, scope));
    };
    return readDocument(this.#storage.blobs, descriptor, what, fetch, scope);
  }
}

interface Top {
  readonly descriptor: Descriptor;
  readonly document: Manifest | Index;
}

function chooseEntry(index: Index, digest: Digest, platform: Platform): Descriptor {
  const offered = index.manifests.filter((entry) => entry.platform?.os !== "unknown");
  const withPlatform = offered.filter((entry) => entry.platform !== undefined);
  const best = bestMatch(platform, withPlatform, (entry) => entry.platform as Platform);
  // An entry without platform may be for any.
  const entry = best ?? offered.find(({ platform: stated }) => stated === undefined);
  if (entry !== undefined) return entry;
  const names = withPlatform.map((candidate) => formatPlatformAll(candidate.platform as Platform)).join(", ");
  throw new CooperError("ops/no-platform", `no match for platform in manifest ${digest}: not found`, {
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

/** Bounded by the descriptor: the registry client refuses more bytes than it says. */
async function gather(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}
