export { renewCaches } from "./cache-generation.ts";
export { type ExecTools, type ExecVertex, execOp } from "./exec-op.ts";
