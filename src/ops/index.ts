export type * from "./contract.ts";
export * from "./source/index.ts";
