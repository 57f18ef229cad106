import { type CacheExporter, type ExportSource, loadCaches } from "../../export/index.ts";
import { type Digest, type Scope, settleAll } from "../../kit/index.ts";
import { formatPlatformAll, normalizePlatform } from "../../oci/index.ts";
import type { BuildJob } from "../build-job.ts";
import type { CacheEntry } from "../contract.ts";
import { exportScope } from "../exporters.ts";
import { cacheableResults, resultsOnlyWithin, resultsWithin } from "./cacheable-results.ts";

/** What a build writes into caches. */
export interface CacheExports {
  readonly exporters: readonly CacheExporter[];
  /** The image brings its own cache along. */
  readonly inline: boolean;
}

/** Looks at what is asked for before anything is built. Throws what `createCacheExporter` throws. */
export async function openCacheExports(entries: readonly CacheEntry[], job: BuildJob): Promise<CacheExports> {
  const others = entries.filter(({ type }) => type !== "inline");
  const exporters = await Promise.all(others.map((entry) => job.parts.cacheExporter(entry, job.request, job.member)));
  return { exporters, inline: others.length < entries.length };
}

/** The source with the records of its own cache for each image, when that is asked for. */
export async function withInlineCache(
  source: ExportSource,
  { inline }: CacheExports,
  job: BuildJob,
): Promise<ExportSource> {
  if (!inline) return source;
  const [{ encodeInlineRecords }, results] = await Promise.all([loadCaches(), cacheableResults(job)]);
  const metadata = new Map(source.metadata);
  for (const { platform, tree } of source.images) {
    const id = platform === undefined ? "" : `/${formatPlatformAll(normalizePlatform(platform))}`;
    const records = resultsOnlyWithin(results, tree).map((result) => ({
      ...result,
      // A chain's length says which layers of the image it is.
      outputs: result.outputs.map(({ tree: { layers }, createdAt }) => ({
        chain: layers.map((): Digest => anyDigest),
        createdAt: createdAt.toISOString(),
      })),
    }));
    metadata.set(`containerimage.inlinecache${id}`, encodeInlineRecords(records));
  }
  return { ...source, metadata };
}

const anyDigest: Digest = `sha256:${"0".repeat(64)}`;

/** Writes the caches out, all at once, each as a line of progress. The first failure that is not to be ignored ends it. */
export async function exportCaches(
  { exporters }: CacheExports,
  source: ExportSource,
  job: BuildJob,
  scope: Scope,
): Promise<Readonly<Record<string, string>>> {
  if (exporters.length === 0) return {};
  const results = await cacheableResults(job);
  const trees = source.images.map(({ tree }) => tree);
  const run = async (exporter: CacheExporter) => {
    const chosen = exporter.minimal ? resultsWithin(results, trees) : results;
    const work = job.status.task(exporter.name, (emit) => exporter.export(chosen, exportScope(scope, emit)));
    return exporter.optional ? await work.catch(() => ({})) : await work;
  };
  return Object.assign({}, ...(await settleAll(exporters.map((exporter) => () => run(exporter)))));
}
