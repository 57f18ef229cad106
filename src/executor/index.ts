export type * from "./contract.ts";
export { createExecutor, type ExecutorOptions } from "./create-executor.ts";
export type { Isolation } from "./isolation/contract.ts";
export { isolate } from "./isolation/isolate.ts";
export type { Attempt, NamespaceFacts } from "./probe/namespaces.ts";
export { probe } from "./probe/probe.ts";
export * from "./probe/rungs.ts";
export { type GroupEntry, groupEntries, type PasswdEntry, passwdEntries } from "./rootfs/user.ts";
export { capabilityNames, defaultCapabilities } from "./spec/capabilities.ts";
