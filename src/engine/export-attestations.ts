import type { Attestation } from "../export/index.ts";
import type { BuildJob } from "./build-job.ts";
import type { Built, BuiltAttestation } from "./built.ts";
import { resultTree } from "./result-tree.ts";

/** What frontends attest, as exporters can have it: runs what its files need. */
export async function exportAttestations(
  attestations: Built["attestations"],
  job: BuildJob,
): Promise<ReadonlyMap<string, readonly Attestation[]>> {
  const platforms = [...attestations].map(async ([platform, list]) => {
    const made = await Promise.all(list.map((one) => exportAttestation(one, job)));
    return [platform, made] as const;
  });
  return new Map(await Promise.all(platforms));
}

async function exportAttestation(
  { kind, metadata, edge, path, predicateType, subjects }: BuiltAttestation,
  job: BuildJob,
): Promise<Attestation> {
  const text = (key: string) => Buffer.from(metadata.get(key) ?? []).toString();
  const reason = text("reason");
  const sbomCore = text("sbom-core");
  return {
    ...{ kind, predicateType, subjects, path },
    ...(reason !== "" && { reason }),
    ...(sbomCore !== "" && { sbomCore }),
    ...(text("inline-only") === "true" && { inlineOnly: true }),
    ...(edge !== undefined && { body: { kind: "tree", tree: await resultTree(job, edge) } }),
  };
}
