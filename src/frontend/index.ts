export type * from "./contract.ts";
export { dockerfileFrontend, loadNamedContext } from "./dockerfile/index.ts";
