import { type Bytes, CooperError, collect, type Digest, sha256 } from "../../../kit/index.ts";
import { formatReference, manifestLimit, parseManifest, parseReference, withDigest } from "../../../oci/index.ts";
import type { CallerBlobs } from "../../../session/index.ts";
import type { OpScope } from "../../contract.ts";
import type { ImageOrigin } from "./origin.ts";

const prefix = "oci-layout:";

/** Images of an OCI layout that a caller offers under the store id. Their names have a digest (OCI image spec, "Image Layout"). */
export function layoutOrigin(storeId: string): ImageOrigin {
  return {
    canonical: (name) => `${prefix}${storeId} ${formatReference(parseReference(name))}`,
    pinned: (canonical, digest) => {
      const name = canonical.slice(canonical.indexOf(" ") + 1);
      return formatReference(withDigest(parseReference(name), digest));
    },
    layerSource: () => `${prefix}${storeId}`,
    async findTop(canonical, scope) {
      const { digest } = parseReference(canonical.slice(canonical.indexOf(" ") + 1));
      if (digest === undefined) {
        throw new CooperError("ops/no-digest", `cannot use ${canonical}: a name in an OCI layout needs a digest`);
      }
      const { blobs, size } = await blobsWith(storeId, digest, scope);
      if (size > manifestLimit) throw new CooperError("ops/image-too-large", `cannot read ${digest}: ${size} bytes`);
      const bytes = await collect(await blobs.read(digest, scope), manifestLimit, digest);
      if (digest.startsWith("sha256:") && sha256(bytes) !== digest) {
        throw new CooperError(
          "ops/bad-layout",
          `cannot read ${digest} of the OCI layout ${storeId}: its content is another`,
        );
      }
      return { descriptor: { mediaType: "", digest, size }, document: parseManifest(bytes) };
    },
    fetch: async (_, { digest }, _what, scope) => {
      const { blobs } = await blobsWith(storeId, digest, scope);
      return collect(await blobs.read(digest, scope), manifestLimit, digest);
    },
  };
}

/** The store that a layer's source names, when it is in a layout. */
export function layoutStore(layerSource: string): string | undefined {
  return layerSource.startsWith(prefix) ? layerSource.slice(prefix.length) : undefined;
}

/** Bytes of a blob in a caller's layout. Not verified. Throws `ops/no-layout`, `ops/not-in-layout`. */
export async function layoutBlob(storeId: string, digest: Digest, scope: OpScope): Promise<Bytes> {
  const { blobs } = await blobsWith(storeId, digest, scope);
  return blobs.read(digest, scope);
}

/** The layout of the first caller that offers one of that name, which must have the blob. */
async function blobsWith(
  storeId: string,
  digest: Digest,
  scope: OpScope,
): Promise<{ readonly blobs: CallerBlobs; readonly size: number }> {
  for (const caller of scope.callers) {
    const blobs = await caller.ociLayout(storeId);
    if (blobs === undefined) continue;
    const size = await blobs.size(digest, scope);
    if (size !== undefined) return { blobs, size };
    throw new CooperError("ops/not-in-layout", `${digest}: not found in the OCI layout ${storeId}`);
  }
  throw new CooperError(
    "ops/no-layout",
    `cannot read OCI layout ${JSON.stringify(storeId)}: the caller offers none of that name`,
    {
      hint: `offer it with --oci-layout ${storeId}=DIRECTORY`,
    },
  );
}
