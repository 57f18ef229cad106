import { CooperError } from "../kit/index.ts";
import type { BuildJob } from "./build-job.ts";
import type { CacheEntry } from "./contract.ts";

const upstreamTypes = ["registry", "inline", "local", "gha", "s3", "azblob"];

/** Refuses cache exports: none is written yet, and a build must not end well without what was asked for. */
export function checkCacheExports(exports: readonly CacheEntry[]): void {
  for (const { type } of exports) {
    if (!upstreamTypes.includes(type)) {
      throw new CooperError("engine/unknown-cache-exporter", `unknown cache exporter: ${JSON.stringify(type)}`);
    }
    throw new CooperError("engine/not-supported", `cache export ${JSON.stringify(type)} is not supported yet`);
  }
}

/** A cache that cannot be imported is a failed line in the progress, and no more: as upstream. */
export async function importCaches(imports: readonly CacheEntry[], job: BuildJob): Promise<void> {
  for (const { type, attrs } of imports) {
    const name = `importing cache manifest from ${attrs.ref ?? attrs.src ?? type}`;
    const work = async () => {
      throw new CooperError("engine/not-supported", `cache import ${JSON.stringify(type)} is not supported yet`);
    };
    await job.status.task(name, work).catch(() => {});
  }
}
