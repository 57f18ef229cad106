import { type Descriptor, imagePackageUrl, type Platform } from "../../oci/index.ts";
import type { Attestation, ExportScope } from "../contract.ts";
import type { ReadyLayer } from "../layers.ts";
import type { AttestationParts } from "./attestation-files.ts";
import { type AttestationManifest, commitAttestations } from "./attestation-manifest.ts";
import { FileLayers, type LayerParts } from "./file-layers.ts";
import { type LoadedAttestation, loadAttestations } from "./load.ts";
import { type StatementSubject, statementText } from "./statement.ts";
import { supplementSbom } from "./supplement-sbom.ts";

/** One platform's image, for which statements are to be made. */
export interface AttestedImage {
  /** As the index names it. */
  readonly descriptor: Descriptor;
  readonly platform: Platform;
  /** `name=` of the exporter. */
  readonly names: readonly string[];
  /** Lowest first. */
  readonly layers: readonly ReadyLayer[];
}

/** Makes the manifest of statements about an image. Throws `export/bad-attestation`. */
export async function attestImage(
  attestations: readonly Attestation[],
  image: AttestedImage,
  artifact: boolean,
  parts: AttestationParts & LayerParts,
  scope: ExportScope,
): Promise<AttestationManifest> {
  const layers = new FileLayers(image.layers, parts, scope);
  const loaded: LoadedAttestation[] = [];
  for (const one of await loadAttestations(attestations, parts, scope)) loaded.push(await supplementSbom(one, layers));
  const self = image.names.map((name) => subjectOf(name, image));
  const statements = loaded.map((one) => ({ predicateType: one.predicateType, text: statementText(one, self) }));
  return await commitAttestations(statements, image.descriptor, artifact, parts, scope);
}

/** The image under a name that it is exported as. */
function subjectOf(name: string, { descriptor, platform }: AttestedImage): StatementSubject {
  return { name: imagePackageUrl("docker", name, platform), digests: [descriptor.digest] };
}
