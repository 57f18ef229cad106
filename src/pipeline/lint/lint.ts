import type { CommandStep } from "../contract.ts";
import { type PlanOptions, planPipeline } from "../expand/plan.ts";
import type { Json } from "../kube/json.ts";
import type { PodSecurityLevel } from "../kube/pod-security.ts";
import { readPodApi } from "../kube/schema.ts";
import { type LoadedDocument, loadPipeline } from "../load.ts";
import { type Problem, Problems } from "../problems.ts";
import { controllerTypes } from "../render/controller-types.ts";
import type { LintSettings } from "./contract.ts";
import { renderedPod } from "./rendered-pod.ts";
import { lintRules } from "./rules/index.ts";
import { subjectsOf } from "./subjects.ts";

export interface LintOptions extends PlanOptions {
  /** Variables that are set when the pipeline is uploaded, with their values. */
  readonly variables: ReadonlyMap<string, string>;
  /** What the namespace admits; undefined: every pod. */
  readonly podSecurity: PodSecurityLevel | undefined;
  /** The controller's configuration, parsed. */
  readonly config?: Json | undefined;
  /** A PodTemplate that the plugin names, parsed. */
  readonly podTemplate?: Json | undefined;
}

/**
 * Everything that is, or on Kubernetes would go, wrong with a pipeline: what reading and planning it finds, and the findings of
 * `lintRules`, by place. `file` names it. Looks at nothing but the text. Never throws for a bad pipeline.
 */
export function lintPipeline(text: string, file: string, options: LintOptions): readonly Problem[] {
  const { documents, problems } = loadPipeline(text, file, { variables: new Map(options.variables) });
  const found = new Problems(file);
  for (const document of documents) lintDocument(document, options, found);
  const all = [...problems, ...found.all];
  return all.toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

function lintDocument({ pipeline }: LoadedDocument, options: LintOptions, found: Problems): void {
  const plan = planPipeline(pipeline, options, found);
  const api = readPodApi(controllerTypes);
  const { build, config, podTemplate } = options;
  const render = (step: CommandStep) => renderedPod(api, plan, step, { build, config, podTemplate });
  const settings: LintSettings = {
    api,
    podSecurity: options.podSecurity,
    variables: new Set(options.variables.keys()),
    pipelineEnv: new Set(pipeline.env.map(({ name }) => name)),
  };
  for (const subject of subjectsOf(pipeline, render)) {
    for (const rule of lintRules) {
      for (const { place, message, fix } of rule.check(subject, settings)) {
        if (rule.severity === "error") found.error(place, rule.name, message, fix);
        else found.warn(place, rule.name, message, fix);
      }
    }
  }
}
