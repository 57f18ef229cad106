import {
  type CacheExporter,
  createExporter,
  type ExportNeeds,
  type ExportTree,
  loadCaches,
  type NamedExporter,
  withBuildArgEpoch,
} from "../export/index.ts";
import type { Digest, Scope } from "../kit/index.ts";
import { accessOf, chainIds, type ImageLayer, type LayerBlobs, type OpScope } from "../ops/index.ts";
import type { RegistryClient } from "../registry/index.ts";
import type { Storage } from "../storage/index.ts";
import type { BuildRequest, CacheEntry, ExporterRequest } from "./contract.ts";
import type { Member } from "./engine-scope.ts";
import type { Materialise } from "./pulled-inputs.ts";

export interface ExportTools {
  readonly storage: Storage;
  readonly registry: RegistryClient;
  readonly blobs: LayerBlobs;
  readonly materialise: Materialise;
}

/** The exporter that the request names. Throws `export/unknown-type`, `export/bad-attribute`. */
export function openExporter(
  { type, attrs }: ExporterRequest,
  { frontendOptions }: BuildRequest,
  member: Member,
  tools: ExportTools,
): Promise<NamedExporter> {
  const { storage, registry } = tools;
  const { credentials } = accessOf([member.session]);
  const needs = exportNeeds(member, tools);
  return createExporter(type, withBuildArgEpoch(attrs, frontendOptions), { storage, registry, needs, credentials });
}

/** The exporter of a cache. Throws `export/unknown-cache`, `export/bad-attribute`. */
export async function openCacheExporter(
  { type, attrs }: CacheEntry,
  member: Member,
  tools: ExportTools,
): Promise<CacheExporter> {
  const { storage, registry } = tools;
  const { session } = member;
  const { createCacheExporter } = await loadCaches();
  const parts = { storage, registry, needs: exportNeeds(member, tools), credentials: accessOf([session]).credentials };
  return createCacheExporter(type, attrs, parts, (dest) => session.cacheTarget?.(dest) ?? { kind: "none" });
}

function exportNeeds(member: Member, { blobs, materialise }: ExportTools): ExportNeeds {
  return {
    fetchLayer: (record, scope) =>
      asPull(member, record.descriptor.digest, scope, (opScope) => blobs.fetch(record, opScope)),
    materialise: async (tree, scope) => {
      const top = tree.layers.at(-1);
      if (top?.kind === "snapshot") return top.id;
      const layers = pendingLayers(tree);
      const pull = (opScope: OpScope) => materialise({ kind: "layers", layers }, opScope);
      return asPull(member, layers.at(-1)?.descriptor.digest, scope, pull);
    },
  };
}

/** Runs a pull as progress of the vertex that the layer comes from. */
function asPull<T>(
  { session, status, layerVertices }: Member,
  layer: Digest | undefined,
  scope: Scope,
  pull: (scope: OpScope) => Promise<T>,
): Promise<T> {
  const vertex = layer === undefined ? undefined : layerVertices.get(layer);
  const opScope = (emit: OpScope["emit"]): OpScope => ({ ...scope, emit, callers: [session] });
  if (vertex === undefined) return pull(opScope(() => {}));
  return status.during(vertex, () => pull(opScope((event) => status.op(vertex, event))));
}

/** A tree of which nothing is here yet, as ops have it. */
function pendingLayers({ layers }: ExportTree): readonly ImageLayer[] {
  const records = layers.flatMap((layer) => (layer.kind === "pending" ? [layer.record] : []));
  const chain = chainIds(records.map(({ diffId }) => diffId));
  return records.flatMap(({ descriptor, diffId, from }, index) => {
    const chainId = chain[index];
    return chainId === undefined ? [] : [{ descriptor, diffId, from, chainId }];
  });
}
