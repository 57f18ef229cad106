import { bytesOf, mapLimit, sha256, splitDigest } from "../../../kit/index.ts";
import type { Storage } from "../../../storage/index.ts";
import type { CommittedManifest } from "../../commit.ts";
import type { ExportScope } from "../../contract.ts";
import type { LayerSource } from "../../layers.ts";
import type { ObjectBody, ObjectStore } from "./contract.ts";
import { withLayerFacts } from "./layer-facts.ts";

/** Writes a cache to a place of objects: the layers that are not there, and then the config. */
export async function writeObjects(
  store: ObjectStore,
  { config, layers: all }: CommittedManifest,
  layers: LayerSource,
  storage: Pick<Storage, "blobs">,
  scope: ExportScope,
): Promise<void> {
  await mapLimit(all, store.parallelism, async ({ descriptor, ready }) => {
    if (await store.keep(descriptor.digest, scope)) return;
    await scope.task(`writing layer ${descriptor.digest}`, async () => {
      await layers.fetch(ready, scope);
      const { digest, size } = descriptor;
      const open = () => storage.blobs.read(descriptor, scope);
      await store.putBlob(digest, { size, sha256: splitDigest(digest).hex, open }, scope);
    });
  });
  const descriptors = all.map(({ descriptor }) => descriptor);
  await store.putConfig(bodyOf(withLayerFacts(config.bytes, descriptors)), scope);
}

/** Bytes that are here. */
export function bodyOf(bytes: Uint8Array): ObjectBody {
  return { size: bytes.byteLength, sha256: splitDigest(sha256(bytes)).hex, open: () => bytesOf(bytes) };
}
