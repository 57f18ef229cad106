export { renewCaches } from "./cache-generation.ts";
export type { CdiDevice } from "./cdi/contract.ts";
export { type DeviceOptions, DeviceRegistry } from "./cdi/device-registry.ts";
export type { ExecContainer, ExecContainerProcess, ExecContainerSpec } from "./exec-container.ts";
export { type ExecTools, type ExecVertex, execOp } from "./exec-op.ts";
export { openExecContainer } from "./open-exec-container.ts";
