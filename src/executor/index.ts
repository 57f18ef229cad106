export type * from "./contract.ts";
export { createExecutor, type ExecutorOptions } from "./create-executor.ts";
export { type GroupEntry, groupEntries, type PasswdEntry, passwdEntries } from "./rootfs/user.ts";
