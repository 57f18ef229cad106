import { bytesOf, CooperError, isCooperError, type Scope } from "../../../kit/index.ts";
import { configLimit, type Descriptor, manifestLimit } from "../../../oci/index.ts";
import type { BlobStore } from "../../../storage/index.ts";

/** What small blobs of an image are, and how large they may be in bytes. */
export type DocumentKind = keyof typeof limits;
const limits = { manifest: manifestLimit, config: configLimit, attestation: configLimit } as const;

/** Reads a document of an image: from storage when it is there, else with `fetch`, and then keeps it. Always verified. */
export async function readDocument(
  blobs: BlobStore,
  descriptor: Descriptor,
  what: DocumentKind,
  fetch: () => Promise<Uint8Array>,
  scope: Scope,
): Promise<Buffer> {
  const limit = limits[what];
  if (descriptor.size > limit) {
    const found = `${descriptor.size} bytes, at most ${limit} wanted`;
    throw new CooperError("ops/image-too-large", `cannot read image ${what} ${descriptor.digest}: ${found}`);
  }
  const stored = await storedDocument(blobs, descriptor, scope);
  if (stored !== undefined) return stored;
  const bytes = await fetch();
  await keepDocument(blobs, descriptor, bytes, scope);
  return Buffer.from(bytes);
}

/** The document when it is in storage and intact: a damaged one is as good as none. */
export async function storedDocument(
  blobs: BlobStore,
  descriptor: Pick<Descriptor, "digest" | "size">,
  scope: Scope,
): Promise<Buffer | undefined> {
  if ((await blobs.size(descriptor.digest)) !== descriptor.size) return undefined;
  try {
    return await blobs.readAll(descriptor, scope);
  } catch (error) {
    if (isCooperError(error, "storage/blob-digest") || isCooperError(error, "storage/no-blob")) return undefined;
    throw error;
  }
}

/** Stores the document under its digest; refuses bytes that do not have it. */
export async function keepDocument(
  blobs: BlobStore,
  descriptor: Descriptor,
  bytes: Uint8Array,
  scope: Scope,
): Promise<void> {
  const { digest, size } = descriptor;
  if ((await blobs.size(digest)) !== size) await blobs.put(bytesOf(bytes), scope, { digest, size });
}
