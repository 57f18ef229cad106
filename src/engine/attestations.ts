import type { AttestationOptions, SbomRequest } from "../frontend/index.ts";
import type { AskedProvenance } from "../provenance/index.ts";
import type { BuildRequest } from "./contract.ts";

/** What a build is to be attested with. */
export interface AskedAttestations {
  readonly sbom?: SbomRequest;
  readonly provenance?: AskedProvenance;
}

/**
 * Reads what frontend options ask for (`attest:provenance=mode=max`, `build-arg:BUILDKIT_ATTEST_SBOM=…`). Throws
 * `dockerfile/bad-option`, `provenance/bad-option`, in upstream's words.
 */
export async function askedAttestations({
  frontendOptions,
}: Pick<BuildRequest, "frontendOptions">): Promise<AskedAttestations> {
  const keys = Object.keys(frontendOptions);
  if (!keys.some((key) => /^(?:attest:|build-arg:BUILDKIT_ATTEST_)/.test(key))) return {};
  const { readAttestationOptions, sbomRequest } = await import("../frontend/index.ts");
  const options: AttestationOptions = readAttestationOptions(frontendOptions);
  const sbom = options.get("sbom");
  const provenance = options.get("provenance");
  return {
    ...(sbom && { sbom: sbomRequest(sbom, "generator") }),
    ...(provenance && { provenance: (await import("../provenance/index.ts")).askedProvenance(provenance) }),
  };
}
