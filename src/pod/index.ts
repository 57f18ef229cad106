export type * from "./contract.ts";
export { readPod } from "./read/read-pod.ts";
export { runPod } from "./run/run-pod.ts";
