import type { ExportLayer } from "../../export/index.ts";
import type { Descriptor } from "../../oci/index.ts";
import { type LayerBlob, outputName } from "../../provenance/index.ts";
import type { LayerRecord, Storage } from "../../storage/index.ts";
import type { BuildJob } from "../build-job.ts";
import { exportTree } from "../export-tree.ts";

type Chains = readonly (readonly LayerBlob[])[];

/** The blobs of all steps' outputs that there are: nothing is packed for this. One chain per compression. */
export async function stepLayers(job: BuildJob): Promise<ReadonlyMap<string, Chains>> {
  const { storage } = job.parts;
  const found = new Map<string, Chains>();
  for (const { vertex, final } of await job.keys()) {
    for (const [output, ref] of ((await job.stored(final)) ?? []).entries()) {
      if (ref === undefined || ref.kind === "folder") continue;
      const chains = await chainsOf(exportTree(ref, storage.snapshots).layers, storage);
      if (chains.length > 0) found.set(outputName(vertex.digest, output), chains);
    }
  }
  return found;
}

async function chainsOf(layers: readonly ExportLayer[], storage: Storage): Promise<Chains> {
  const records = await Promise.all(layers.map((layer) => recordsOf(layer, storage)));
  if (records.length === 0 || records.some((list) => list.length === 0)) return [];
  const chains = (records.at(-1) ?? []).map(({ compression }) =>
    records.map((list) => {
      const record = list.find((one) => one.compression === compression) ?? list[0];
      return blobOf((record as LayerRecord).descriptor);
    }),
  );
  const names = chains.map((chain) => chain.map(({ digest }) => digest).join(" "));
  return chains.filter((_, index) => names.indexOf(names[index] as string) === index);
}

/** Those whose blob is here or can be had. */
async function recordsOf(layer: ExportLayer, { layers, blobs }: Storage): Promise<readonly LayerRecord[]> {
  if (layer.kind === "pending") return [layer.record];
  const here = await Promise.all(
    layers.list(layer.id).map(async (record) => {
      const { digest, size } = record.descriptor;
      return record.from.length > 0 || (await blobs.size(digest)) === size ? [record] : [];
    }),
  );
  return here.flat();
}

function blobOf({ mediaType, digest, size, annotations = {} }: Descriptor): LayerBlob {
  const shown = Object.entries(annotations).filter(([key]) => !isInternal(key));
  return { mediaType, digest, size, ...(shown.length > 0 && { annotations: Object.fromEntries(shown) }) };
}

/** What only a builder's own store has a use for. */
function isInternal(key: string): boolean {
  return /^(?:containerd\.io\/uncompressed|buildkit\/createdat|containerd\.io\/distribution\.source\..*)$/.test(key);
}
