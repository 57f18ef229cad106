export type * from "./contract.ts";
export { dockerfileFrontend } from "./dockerfile/index.ts";
