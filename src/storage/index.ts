export type * from "./content-hash/contract.ts";
export type * from "./contract.ts";
