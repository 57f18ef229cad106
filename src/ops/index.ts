export type * from "./contract.ts";
export { diffOp } from "./diff/diff-op.ts";
export { mergeOp } from "./merge/merge-op.ts";
export { passthroughOp } from "./passthrough/passthrough-op.ts";
export * from "./source/index.ts";
