import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Bytes, CooperError, type Digest, errnoOf, sha256, splitDigest } from "../../../kit/index.ts";
import { formatReference, manifestLimit, parseManifest, parseReference, withDigest } from "../../../oci/index.ts";
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
      const path = await blobPath(storeId, digest, scope);
      const { size } = await stat(path);
      if (size > manifestLimit) throw new CooperError("ops/image-too-large", `cannot read ${digest}: ${size} bytes`);
      const bytes = await readFile(path);
      if (digest.startsWith("sha256:") && sha256(bytes) !== digest) {
        throw new CooperError(
          "ops/bad-layout",
          `cannot read ${digest} of the OCI layout ${storeId}: its content is another`,
        );
      }
      return { descriptor: { mediaType: "", digest, size }, document: parseManifest(bytes) };
    },
    fetch: async (_, { digest }, _what, scope) => readFile(await blobPath(storeId, digest, scope)),
  };
}

/** The store that a layer's source names, when it is in a layout. */
export function layoutStore(layerSource: string): string | undefined {
  return layerSource.startsWith(prefix) ? layerSource.slice(prefix.length) : undefined;
}

/** Bytes of a blob in a caller's layout. Not verified. Throws `ops/no-layout`, `ops/not-in-layout`. */
export async function layoutBlob(storeId: string, digest: Digest, scope: OpScope): Promise<Bytes> {
  return createReadStream(await blobPath(storeId, digest, scope));
}

async function blobPath(storeId: string, digest: Digest, scope: OpScope): Promise<string> {
  const { algorithm, hex } = splitDigest(digest);
  for (const caller of scope.callers) {
    const folder = await caller.ociLayout(storeId);
    if (folder === undefined) continue;
    const path = join(folder, "blobs", algorithm, hex);
    try {
      if ((await stat(path)).isFile()) return path;
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
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
