export type * from "./content-hash/contract.ts";
export type * from "./contract.ts";
export * from "./files/copy-file.ts";
export * from "./files/copy-tree.ts";
export * from "./files/remove-tree.ts";
export { openStorage, type Snapshotter, type StorageOptions } from "./open.ts";
export { probeSnapshots } from "./probe-snapshots.ts";
export type * from "./reclaim/contract.ts";
export { foundationName, isFoundation } from "./snapshots/foundation.ts";
