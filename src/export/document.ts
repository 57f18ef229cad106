import type { Scope } from "../kit/index.ts";
import { type Descriptor, descriptorOf } from "../oci/index.ts";
import type { Storage } from "../storage/index.ts";

/** A small blob (a JSON document of an image) with its descriptor. */
export interface Document {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/** The document with its descriptor; nothing is stored. */
export function documentOf(mediaType: string, bytes: Buffer): Document {
  return { descriptor: descriptorOf(mediaType, bytes), bytes };
}

/** Puts it into the blob store. */
export async function storeDocument(
  { descriptor, bytes }: Document,
  { blobs }: Pick<Storage, "blobs">,
  scope: Scope,
): Promise<void> {
  const source = (async function* () {
    yield bytes;
  })();
  await blobs.put(source, scope, descriptor);
}
