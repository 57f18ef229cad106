import { type CacheExporter, type ExportSource, loadCaches } from "../../export/index.ts";
import { type Digest, type Scope, settleAll } from "../../kit/index.ts";
import { formatPlatformAll, normalizePlatform } from "../../oci/index.ts";
import type { BuildJob } from "../build-job.ts";
import type { CacheEntry } from "../contract.ts";
import { exportScope } from "../exporters.ts";
import { cacheableRecords } from "./cacheable-records.ts";
import { resultsWithin } from "./within-images.ts";

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
  const [{ encodeInlineRecords, flattenRecords }, records] = await Promise.all([loadCaches(), cacheableRecords(job)]);
  const metadata = new Map(source.metadata);
  for (const { platform, tree } of source.images) {
    const id = platform === undefined ? "" : `/${formatPlatformAll(normalizePlatform(platform))}`;
    const list = flattenRecords(resultsWithin(records, [tree]), ({ tree: { layers }, createdAt }) => ({
      // A chain's length says which layers of the image it is.
      chain: layers.map((): Digest => anyDigest),
      createdAt: createdAt.toISOString(),
    }));
    metadata.set(`containerimage.inlinecache${id}`, encodeInlineRecords(list));
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
  const records = await cacheableRecords(job);
  const trees = source.images.map(({ tree }) => tree);
  const run = async (exporter: CacheExporter) => {
    const chosen = exporter.minimal ? resultsWithin(records, trees) : records;
    const work = job.status.task(exporter.name, (emit) => exporter.export(chosen, exportScope(scope, emit)));
    return exporter.optional ? await work.catch(() => ({})) : await work;
  };
  return Object.assign({}, ...(await settleAll(exporters.map((exporter) => () => run(exporter)))));
}
