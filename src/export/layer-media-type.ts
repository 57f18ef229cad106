import type { Compression } from "../archive/index.ts";
import { mediaTypes } from "../oci/index.ts";

const nonDistributable = "application/vnd.oci.image.layer.nondistributable.v1.tar";

/** [OCI, Docker] forms of the same layer type. */
const pairs: readonly (readonly [string, string])[] = [
  [mediaTypes.ociLayer, mediaTypes.dockerLayer],
  [mediaTypes.ociLayerGzip, mediaTypes.dockerLayerGzip],
  [mediaTypes.ociLayerZstd, mediaTypes.dockerLayerZstd],
  [nonDistributable, mediaTypes.dockerForeignLayer],
  [`${nonDistributable}+gzip`, mediaTypes.dockerForeignLayerGzip],
  [`${nonDistributable}+zstd`, `${nonDistributable}+zstd`],
];

/** OCI media type of a layer in that compression. */
export function layerMediaType(compression: Compression): string {
  return {
    uncompressed: mediaTypes.ociLayer,
    gzip: mediaTypes.ociLayerGzip,
    estargz: mediaTypes.ociLayerGzip,
    zstd: mediaTypes.ociLayerZstd,
  }[compression];
}

/** The media type in the wanted family; a layer that may not be distributed becomes one that may, unless `keepForeign`. Unknown types stay. */
export function convertLayerMediaType(mediaType: string, oci: boolean, keepForeign: boolean): string {
  const at = pairs.findIndex((pair) => pair.includes(mediaType));
  const pair = pairs[!keepForeign && at >= 3 ? at - 3 : at];
  return pair === undefined ? mediaType : (pair[oci ? 0 : 1] as string);
}

/** True for layers that are never pushed. */
export function isNonDistributable(mediaType: string): boolean {
  return mediaType.startsWith(nonDistributable) || mediaType.startsWith(mediaTypes.dockerForeignLayer);
}
