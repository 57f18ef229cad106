import type { BuildJob } from "../build-job.ts";
import type { Built } from "../built.ts";

/**
 * Does `work` with a result, and then tells whoever keeps a record of the build how the result came about, also when the work failed.
 */
export async function remembered<T>(built: Built, job: BuildJob, work: () => Promise<T>): Promise<T> {
  const { onProvenance } = job.request;
  if (onProvenance === undefined) return work();
  const tell = async () => (await import("./tell.ts")).tellProvenance(built, job, onProvenance);
  let value: T;
  try {
    value = await work();
  } catch (error) {
    // The build's own failure is what matters.
    await tell().catch(() => {});
    throw error;
  }
  await tell();
  return value;
}
