import type { Attestation, ExportSource } from "../export/index.ts";
import type { AskedAttestations } from "./attestations.ts";
import type { BuildJob } from "./build-job.ts";
import type { Built } from "./built.ts";

/** What a result is attested with, by the platform's key in `refs.platforms`. */
export type Attestations = ReadonlyMap<string, readonly Attestation[]>;

/** The result with all that is asked for and that its frontend did not attest itself. In upstream's order: provenance comes last. */
export async function attested(
  source: ExportSource,
  built: Built,
  asked: AskedAttestations,
  job: BuildJob,
): Promise<ExportSource> {
  let result = source;
  if (asked.sbom !== undefined) {
    const { attestSbom } = await import("./attest-sbom.ts");
    result = joined(result, await attestSbom(asked.sbom, result, built, job));
  }
  if (asked.provenance !== undefined) {
    const { attestProvenance } = await import("./provenance/attest.ts");
    result = joined(result, await attestProvenance(asked.provenance, result, built, job));
  }
  return result;
}

function joined(source: ExportSource, more: Attestations): ExportSource {
  const attestations = new Map(source.attestations);
  for (const [platform, list] of more) attestations.set(platform, [...(attestations.get(platform) ?? []), ...list]);
  return { ...source, attestations };
}
