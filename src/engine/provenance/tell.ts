import { type PredicateOptions, predicateType, provenancePredicate } from "../../provenance/index.ts";
import { askedAttestations } from "../attestations.ts";
import type { BuildJob } from "../build-job.ts";
import type { Built } from "../built.ts";
import type { BuildRequest } from "../contract.ts";
import { invocationOf } from "./invocation.ts";
import { provenanceRecords } from "./records.ts";
import { stepLayers } from "./step-layers.ts";

/** Tells all that is known of each result, whatever the build was asked to attest; only the builder's id counts of that. */
export async function tellProvenance(
  built: Built,
  job: BuildJob,
  tell: NonNullable<BuildRequest["onProvenance"]>,
): Promise<void> {
  const records = await provenanceRecords(built, job);
  if (records.size === 0) return;
  const options: PredicateOptions = {
    version: "v1",
    mode: "max",
    builderId: await builderId(job),
    reproducible: false,
    completeMaterials: false,
  };
  const invocation = await invocationOf(job);
  const layers = await stepLayers(job);
  for (const [platform, record] of records) {
    const predicate = provenancePredicate(record, options, invocation, layers);
    await tell(platform, { predicateType: predicateType(options.version), predicate });
  }
}

async function builderId({ request }: BuildJob): Promise<string> {
  const { provenance } = await askedAttestations(request).catch(() => ({ provenance: undefined }));
  return provenance?.builderId ?? "";
}
