import type { Digest } from "../../../kit/index.ts";
import { canonicalReference, formatReference, parseManifest, parseReference, withDigest } from "../../../oci/index.ts";
import type { RegistryClient } from "../../../registry/index.ts";
import type { Storage } from "../../../storage/index.ts";
import { accessOf } from "../access.ts";
import { keepDocument, storedDocument } from "./documents.ts";
import type { ImageOrigin } from "./origin.ts";

/**
 * Images of registries. A name with a digest needs no network when its manifest is in storage and came from that repository:
 * a digest alone gives nobody another's image.
 */
export function registryOrigin(storage: Pick<Storage, "blobs" | "records">, client: RegistryClient): ImageOrigin {
  const { blobs } = storage;
  const homes = repositoriesOf(storage);
  return {
    canonical: canonicalReference,
    pinned: (name, digest) => formatReference(withDigest(parseReference(name), digest)),
    layerSource: (pinned) => pinned,
    async findTop(name, scope) {
      const known = async (digest: Digest) => {
        if (parseReference(name).digest !== undefined && !homes.has(digest, name)) return undefined;
        const size = await blobs.size(digest);
        return size === undefined ? undefined : storedDocument(blobs, { digest, size }, scope);
      };
      const { descriptor, bytes } = await client.resolve(name, accessOf(scope.callers), scope, { known });
      const document = parseManifest(bytes, descriptor.mediaType);
      await keepDocument(blobs, descriptor, bytes, scope);
      homes.add(descriptor.digest, name);
      return { descriptor, document };
    },
    async fetch(name, descriptor, what, scope) {
      const access = accessOf(scope.callers);
      if (what === "manifest") return client.manifest(name, descriptor, access, scope);
      return gather(client.blob(name, descriptor, access, scope));
    },
  };
}

/** Which repositories were seen to have a manifest; of many, the newest. */
function repositoriesOf({ records }: Pick<Storage, "records">) {
  const space = "manifest-repositories";
  const most = 32;
  const list = (digest: Digest) => records.get(space, digest)?.split(" ") ?? [];
  const repository = (name: string) => {
    const { domain, path } = parseReference(name);
    return `${domain}/${path}`;
  };
  return {
    has: (digest: Digest, name: string) => list(digest).includes(repository(name)),
    add(digest: Digest, name: string) {
      const known = list(digest);
      if (known.includes(repository(name))) return;
      records.set(space, digest, [...known, repository(name)].slice(-most).join(" "));
    },
  };
}

/** Bounded by the descriptor: the registry client refuses more bytes than it says. */
async function gather(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}
