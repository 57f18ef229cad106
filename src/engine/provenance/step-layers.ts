import { outputName, type StepLayers } from "../../provenance/index.ts";
import type { BuildJob } from "../build-job.ts";
import { BlobChains } from "./blob-chains.ts";

/** The blobs of all steps' outputs that there are: nothing is packed for this. */
export async function stepLayers(job: BuildJob): Promise<StepLayers> {
  const chains = new BlobChains(job.parts.storage);
  const found = new Map<string, Awaited<ReturnType<BlobChains["of"]>>>();
  for (const { vertex, final } of await job.keys()) {
    for (const [output, ref] of ((await job.stored(final, vertex)) ?? []).entries()) {
      const list = ref === undefined ? [] : await chains.of(ref);
      if (list.length > 0) found.set(outputName(vertex.digest, output), list);
    }
  }
  return found;
}
