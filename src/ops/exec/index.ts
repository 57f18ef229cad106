export { renewCaches } from "./cache-generation.ts";
export type { ExecContainer, ExecContainerProcess, ExecContainerSpec } from "./exec-container.ts";
export { type ExecTools, type ExecVertex, execOp } from "./exec-op.ts";
export { type FailedExec, failedExecOf } from "./failed-exec.ts";
export { openExecContainer } from "./open-exec-container.ts";
