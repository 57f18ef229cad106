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
    const tree = exportTree(ref, parts.storage.snapshots);
    return [{ tree, createdAt: tree.layers.at(-1)?.createdAt ?? new Date() }];
  }
}

/**
 * Those of which some tree is a lower part of one of `images`: its layers go out with the image anyway. A result is used whole, so the
 * other outputs of such a step come along.
 */
export function resultsWithin(results: readonly CacheableResult[], images: readonly ExportTree[]): CacheableResult[] {
  const isWithin = withinTest(images);
  return results.filter(({ outputs }) => outputs.some(({ tree }) => isWithin(tree)) || outputs.every(isEmpty));
}

/** Those that need no layer but the image's. */
export function resultsOnlyWithin(results: readonly CacheableResult[], image: ExportTree): CacheableResult[] {
  const isWithin = withinTest([image]);
  return results.filter(({ outputs }) => outputs.every((output) => isEmpty(output) || isWithin(output.tree)));
}

function isEmpty({ tree }: CacheableResult["outputs"][number]): boolean {
  return tree.layers.length === 0;
}

function withinTest(images: readonly ExportTree[]): (tree: ExportTree) => boolean {
  const known = new Set(images.flatMap(prefixesOf));
  return (tree) => known.has(nameOf(tree));
}

function prefixesOf({ layers }: ExportTree): string[] {
  return layers.map((_, at) => nameOf({ layers: layers.slice(0, at + 1) }));
}

function nameOf({ layers }: ExportTree): string {
  return layers.map((layer) => (layer.kind === "snapshot" ? layer.id : layer.record.descriptor.digest)).join(" ");
}
