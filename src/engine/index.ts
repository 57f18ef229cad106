export type * from "./contract.ts";
export { openEngine } from "./engine.ts";
export { collectGarbage } from "./housekeeping.ts";
export { takeIsolation } from "./isolation.ts";
export { openPodTools, type PodTools } from "./pod-tools.ts";
export { usageFilter, usageType } from "./usage-filter.ts";
