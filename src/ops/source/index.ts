export { gitSource } from "./git/git-op.ts";
export { httpSource } from "./http/http-op.ts";
export { imageSource } from "./image/image-op.ts";
export { ImageResolver, type ResolvedImage } from "./image/image-resolver.ts";
export { localSource } from "./local/local-op.ts";
