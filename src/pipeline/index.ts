/**
 * Buildkite's pipelines, from text to jobs. The way:
 *
 * 1. `loadPipeline(text, file, {variables})`: YAML → interpolation as at upload → typed steps. Never throws; `problems` holds
 *    errors and warnings, each with place and fix. `written` and `interpolated` are the whole document as values with places, so that a
 *    check may look at anything (`valueOn`, `placeOn`), and `ScalarValue.source` is a text before interpolation.
 * 2. `planPipeline(pipeline, {build, env}, problems)`: matrix, parallelism, conditions, dependencies → nodes with their jobs.
 *    `problems` may be `new Problems(file)`.
 * 3. `throwIfInvalid(problems)` when errors are to end it.
 *
 * `Job.plugins` of the kubernetes plugin (`isKubernetesPlugin`) carry the pod: `toPlain(plugin.config)` is it as JSON.
 */

export { buildFromGit } from "./build/from-git.ts";
export { buildEnvironment, buildUrl, jobEnvironment } from "./build/job-environment.ts";
export type * from "./contract.ts";
export { branchMatches } from "./expand/branches.ts";
export type * from "./expand/contract.ts";
export { type PlanOptions, planPipeline } from "./expand/plan.ts";
export { stableUuid } from "./expand/uuid.ts";
export { interpolate, variablesIn } from "./interpolate/interpolate.ts";
export { type LintOptions, lintPipeline } from "./lint/lint.ts";
export { type LoadedDocument, type LoadedFile, type LoadOptions, loadPipeline } from "./load.ts";
export { workingTree } from "./local/clean-tree.ts";
export type { LogLine, RunOptions, RunResult, StepResult } from "./local/contract.ts";
export { namedLines } from "./local/object-data.ts";
export { planRun, runPipeline } from "./local/run-pipeline.ts";
export { openLocalTools } from "./local/tools.ts";
export { type Problem, Problems, problemText, throwIfInvalid } from "./problems.ts";
export {
  type RenderedJob,
  type RenderOptions,
  renderPipeline,
  type StandaloneOptions,
} from "./render/render-pipeline.ts";
export { isKubernetesPlugin, pluginSource } from "./steps/plugins.ts";
export { parsePlainYaml, toYaml } from "./yaml/plain-yaml.ts";
export {
  describe,
  type ListValue,
  type MapEntry,
  placeOn,
  type ScalarValue,
  textOf,
  toPlain,
  valueAt,
  valueOn,
} from "./yaml/value.ts";
