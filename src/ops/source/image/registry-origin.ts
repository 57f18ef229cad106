import type { Digest } from "../../../kit/index.ts";
import { canonicalReference, formatReference, parseManifest, parseReference, withDigest } from "../../../oci/index.ts";
import type { RegistryClient } from "../../../registry/index.ts";
import type { Storage } from "../../../storage/index.ts";
import { accessOf } from "../access.ts";
import { keepDocument, storedDocument } from "./documents.ts";
import type { ImageOrigin } from "./origin.ts";

/** Images of registries. A name with a digest needs no network when its manifest is in storage. */
export function registryOrigin(storage: Pick<Storage, "blobs">, client: RegistryClient): ImageOrigin {
  const { blobs } = storage;
  return {
    canonical: canonicalReference,
    pinned: (name, digest) => formatReference(withDigest(parseReference(name), digest)),
    layerSource: (pinned) => pinned,
    async findTop(name, scope) {
      const known = async (digest: Digest) => {
        const size = await blobs.size(digest);
        return size === undefined ? undefined : storedDocument(blobs, { digest, size }, scope);
      };
      const { descriptor, bytes } = await client.resolve(name, accessOf(scope.callers), scope, { known });
      const document = parseManifest(bytes, descriptor.mediaType);
      await keepDocument(blobs, descriptor, bytes, scope);
      return { descriptor, document };
    },
    async fetch(name, descriptor, what, scope) {
      const access = accessOf(scope.callers);
      if (what === "manifest") return client.manifest(name, descriptor, access, scope);
      return gather(client.blob(name, descriptor, access, scope));
    },
  };
}

/** Bounded by the descriptor: the registry client refuses more bytes than it says. */
async function gather(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}
