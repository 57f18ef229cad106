import { loadCaches, type ObjectStore } from "../../export/index.ts";
import { CooperError, type Digest } from "../../kit/index.ts";
import type { ImageLayer, OpScope } from "../../ops/index.ts";
import type { CallerBlobs, Session } from "../../session/index.ts";
import { ImportedCache } from "./imported-cache.ts";
import { asOffering } from "./offered-stores.ts";

type Layers = ReadonlyMap<Digest, Omit<ImageLayer, "chainId">>;

/** The caches of a place of objects, whose layers the build's session then offers. None: nobody wrote one yet. */
export async function objectCaches(store: ObjectStore, session: Session, scope: OpScope): Promise<ImportedCache[]> {
  const { parseCacheConfig, readLayerFacts } = await loadCaches();
  const from = [`oci-layout:${store.id}`];
  const caches = (await store.configs(scope)).map((config) => {
    const layers: Layers = new Map(
      readLayerFacts(config).map(({ descriptor, diffId, createdAt }) => [
        descriptor.digest,
        { descriptor, diffId, from, ...(isTime(createdAt) && { createdAt }) },
      ]),
    );
    return { records: parseCacheConfig(config), layers };
  });
  const layers: Layers = new Map(caches.flatMap((one) => [...one.layers]));
  if (layers.size > 0) asOffering(session)?.offer(store.id, blobsOf(store, layers, await session.ociLayout(store.id)));
  return caches.map(({ records, layers }) => new ImportedCache(records, (blob) => layers.get(blob)));
}

/** `others`: what another cache of the same place has made known. */
function blobsOf(store: ObjectStore, layers: Layers, others: CallerBlobs | undefined): CallerBlobs {
  return {
    size: async (blob, scope) => {
      const known = layers.get(blob);
      if (known === undefined) return others?.size(blob, scope);
      return (await store.has(blob, scope)) ? known.descriptor.size : undefined;
    },
    read: async (blob, scope) => {
      if (others !== undefined && !layers.has(blob)) return others.read(blob, scope);
      const bytes = await store.open(blob, scope);
      if (bytes !== undefined) return bytes;
      throw new CooperError("session/no-blob", `content digest ${blob}: not found`);
    },
  };
}

function isTime(text: string | undefined): text is string {
  return text !== undefined && !Number.isNaN(Date.parse(text));
}
