export type * from "./contract.ts";
export { buildOp } from "./build/build-op.ts";
export { diffOp } from "./diff/diff-op.ts";
export * from "./exec/index.ts";
export * from "./file/index.ts";
export { folderSnapshot } from "./folder-snapshot.ts";
export { mergeOp } from "./merge/merge-op.ts";
export { passthroughOp } from "./passthrough/passthrough-op.ts";
export * from "./source/index.ts";
