export { type ExecTools, type ExecVertex, execOp } from "./exec-op.ts";
