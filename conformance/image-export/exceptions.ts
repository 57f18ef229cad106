const attestations = "attestations are not made yet: the build warns, and writes the result without them";

/** Cases in which Cooper knowingly differs from upstream, each with its reason. */
export const exceptions: ReadonlyMap<string, string> = new Map([
  ["oci-estargz", "compression=estargz is refused: it is not supported yet"],
  ["docker-provenance-max", attestations],
  ["image-push-multi-prov", attestations],
  ["local-provenance", attestations],
  ["local-provenance-multi", attestations],
  ["local-sbom", attestations],
  ["oci-annotations-prov", attestations],
  ["oci-provenance-artifact", attestations],
  ["oci-provenance-inline-only", attestations],
  ["oci-provenance-max", attestations],
  ["oci-provenance-min", attestations],
  ["oci-provenance-multi", attestations],
  ["oci-provenance-params", attestations],
  ["oci-provenance-v02", attestations],
  ["oci-provenance-v1", attestations],
  ["oci-sbom", attestations],
  ["oci-sbom-prov-multi", attestations],
  ["tar-provenance", attestations],
]);

/** True when the only difference is that attestations are missing. */
export function isUnattested(name: string): boolean {
  return exceptions.get(name) === attestations;
}
