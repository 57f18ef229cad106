export type * from "./contract.ts";
export { gatewayHandlers } from "./handlers.ts";
export { imageFrontend } from "./image/image-frontend.ts";
export { resolveSourceMeta } from "./source-meta.ts";
