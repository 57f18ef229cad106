import type { CacheableResult, ExportTree } from "../../export/index.ts";
import type { Digest } from "../../kit/index.ts";
import type { Ref } from "../../ops/index.ts";
import type { BuildJob } from "../build-job.ts";
import { exportTree } from "../export-tree.ts";

/**
 * The results of a job that a cache may have, with the keys that lead to them: what steps made, from stored results too, whose
 * inputs never ran. What comes from elsewhere as it is (images, git, directories of the caller) is not among them.
 */
export async function cacheableResults(job: BuildJob): Promise<CacheableResult[]> {
  const { storage } = job.parts;
  const found = new Map<Digest, CacheableResult>();
  for (const { vertex, final, quick } of await job.keys()) {
    if (vertex.inputs.length === 0) continue;
    const known = found.get(final);
    const refs = known === undefined ? await job.stored(final) : undefined;
    const outputs = known?.outputs ?? refs?.flatMap((ref) => outputOf(ref, job)) ?? [];
    if (outputs.length === 0 || (refs !== undefined && outputs.length !== refs.length)) continue;
    const quicks = new Set([...(known?.quick ?? []), ...(quick === undefined ? [] : [quick])]);
    found.set(final, { key: final, quick: [...quicks], outputs });
  }
  return [...found.values()];

  function outputOf(ref: Ref, { parts }: BuildJob): CacheableResult["outputs"] {
    if (ref.kind === "folder") return [];
    const createdAt = ref.kind === "snapshot" ? parts.storage.snapshots.get(ref.id)?.created : undefined;
    return [{ tree: exportTree(ref, storage.snapshots), createdAt: createdAt ?? new Date() }];
  }
}

/** Those whose every tree is a lower part of one of `images`: their layers go out with the image anyway. */
export function resultsWithin(results: readonly CacheableResult[], images: readonly ExportTree[]): CacheableResult[] {
  const known = new Set(images.flatMap(prefixesOf));
  return results.filter(({ outputs }) =>
    outputs.every(({ tree }) => tree.layers.length === 0 || known.has(nameOf(tree))),
  );
}

function prefixesOf({ layers }: ExportTree): string[] {
  return layers.map((_, at) => nameOf({ layers: layers.slice(0, at + 1) }));
}

function nameOf({ layers }: ExportTree): string {
  return layers.map((layer) => (layer.kind === "snapshot" ? layer.id : layer.record.descriptor.digest)).join(" ");
}
