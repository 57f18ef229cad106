/**
 * Buildkite's pipelines, from text to jobs. The way, by file:
 *
 * 1. `load.ts`, `loadPipeline(text, file, {variables})`: YAML → interpolation as at upload → typed steps. Never throws; `problems` holds
 *    errors and warnings, each with place and fix. `written` and `interpolated` are the whole document as values with places, so that a
 *    check may look at anything (`yaml/value.ts`), and `ScalarValue.source` is a text before interpolation.
 * 2. `expand/plan.ts`, `planPipeline(pipeline, {build, env}, problems)`: matrix, parallelism, conditions, dependencies → nodes with their jobs.
 * 3. `throwIfInvalid(problems)` when errors are to end it.
 *
 * `Job.plugins` of the kubernetes plugin (`isKubernetesPlugin`) carry the pod. On top of that: `lint/`, `render/` and `local/`, which runs.
 */

export { buildFromGit } from "./build/from-git.ts";
export { buildEnvironment } from "./build/job-environment.ts";
export type * from "./contract.ts";
export type * from "./expand/contract.ts";
export { interpolate } from "./interpolate/interpolate.ts";
export { type LintOptions, lintPipeline } from "./lint/lint.ts";
export { workingTree } from "./local/clean-tree.ts";
export type { LogLine, RunOptions, RunResult, StepResult } from "./local/contract.ts";
export { namedLines } from "./local/object-data.ts";
export { planRun, runPipeline } from "./local/run-pipeline.ts";
export { openLocalTools } from "./local/tools.ts";
export { problemText } from "./problems.ts";
export {
  type RenderedJob,
  type RenderOptions,
  renderPipeline,
  type StandaloneOptions,
} from "./render/render-pipeline.ts";
export { parsePlainYaml, toYaml } from "./yaml/plain-yaml.ts";
export { describe, textOf } from "./yaml/value.ts";
