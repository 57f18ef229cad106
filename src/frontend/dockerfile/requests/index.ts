export { convertLlbResult } from "./convert-llb.ts";
export { describeResult } from "./describe.ts";
export { lintResult } from "./lint.ts";
export { type Outline, type OutlineArg, type OutlineMount, outlineResult } from "./outline.ts";
export type { RequestResult } from "./result.ts";
export { type OutlineStage, outlineOf } from "./stage-outline.ts";
export { targetsResult } from "./targets.ts";
