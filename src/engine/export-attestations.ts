import type { Attestation, ExportTree } from "../export/index.ts";
import type { Built, BuiltAttestation } from "./built.ts";
import type { EngineEdge } from "./graph.ts";

/** What frontends attest, as exporters can have it: runs what its files need. `treeOf` gives an edge's result as a tree. */
export async function exportAttestations(
  attestations: Built["attestations"],
  treeOf: (edge: EngineEdge) => Promise<ExportTree>,
): Promise<ReadonlyMap<string, readonly Attestation[]>> {
  const platforms = [...attestations].map(async ([platform, list]) => {
    const made = await Promise.all(list.map((one) => exportAttestation(one, treeOf)));
    return [platform, made] as const;
  });
  return new Map(await Promise.all(platforms));
}

async function exportAttestation(
  { kind, metadata, edge, path, predicateType, subjects }: BuiltAttestation,
  treeOf: (edge: EngineEdge) => Promise<ExportTree>,
): Promise<Attestation> {
  const text = (key: string) => Buffer.from(metadata.get(key) ?? []).toString();
  const reason = text("reason");
  const sbomCore = text("sbom-core");
  return {
    ...{ kind, predicateType, subjects, path },
    ...(reason !== "" && { reason }),
    ...(sbomCore !== "" && { sbomCore }),
    ...(text("inline-only") === "true" && { inlineOnly: true }),
    ...(edge !== undefined && { body: { kind: "tree", tree: await treeOf(edge) } }),
  };
}
