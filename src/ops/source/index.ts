export { gitSource } from "./git/git-op.ts";
export { httpSource } from "./http/http-op.ts";
export { imageSource, layoutStoreOf, ociLayoutSource } from "./image/image-op.ts";
export { ImageResolver, type ResolvedImage } from "./image/image-resolver.ts";
export { LayerBlobs } from "./image/layer-blobs.ts";
export { layerRecord } from "./image/layers.ts";
export { layoutOrigin } from "./image/layout-origin.ts";
export { materialise } from "./image/materialise.ts";
export { localSource } from "./local/local-op.ts";
