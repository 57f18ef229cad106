export type * from "./contract.ts";
export { gatewayHandlers } from "./handlers.ts";
