const provenance = "provenance is not made yet";

/** Cases in which Cooper knowingly differs from upstream, each with its reason. */
export const exceptions: ReadonlyMap<string, string> = new Map([
  ["oci-estargz", "compression=estargz is refused: it is not supported yet"],
  ["docker-provenance-max", provenance],
  ["image-push-multi-prov", provenance],
  ["local-provenance", provenance],
  ["local-provenance-multi", provenance],
  ["oci-annotations-prov", provenance],
  ["oci-provenance-artifact", provenance],
  ["oci-provenance-inline-only", provenance],
  ["oci-provenance-max", provenance],
  ["oci-provenance-min", provenance],
  ["oci-provenance-multi", provenance],
  ["oci-provenance-params", provenance],
  ["oci-provenance-v02", provenance],
  ["oci-provenance-v1", provenance],
  ["oci-sbom-prov-multi", provenance],
  ["tar-provenance", provenance],
]);
