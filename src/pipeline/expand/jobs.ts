import type { CommandStep, EnvEntry, Permutation, Pipeline } from "../contract.ts";
import type { Problems } from "../problems.ts";
import type { BuildContext, Job } from "./contract.ts";
import { type MatrixJob, matrixJobs, valueWithMatrix, withMatrix } from "./matrix.ts";
import { stableUuid } from "./uuid.ts";

/** The jobs of a command step. `identity` names the step within the build, for ids that stay the same. */
export function jobsOf(
  step: CommandStep,
  pipeline: Pipeline,
  identity: string,
  build: BuildContext,
  problems: Problems,
): readonly Job[] {
  const stepId = stableUuid(build.id, "step", identity);
  const make = (name: string, choice: MatrixJob | undefined, parallel: Job["parallel"]): Job => ({
    id: stableUuid(build.id, "job", identity, name),
    stepId,
    ...(parallel !== undefined && { parallel }),
    ...jobFields(step, pipeline, choice, problems),
  });
  if (step.matrix !== undefined) {
    return matrixJobs(step.matrix, problems).map((choice, index) => make(`matrix ${index}`, choice, undefined));
  }
  const count = step.parallelism?.value;
  if (count === undefined) return [make("", undefined, undefined)];
  return Array.from({ length: count }, (_, index) => make(`parallel ${index}`, undefined, { index, count }));
}

/** Matrix tokens are replaced in commands, labels, plugins, agents, images and values of variables; not in keys and concurrency groups. */
function jobFields(step: CommandStep, pipeline: Pipeline, choice: MatrixJob | undefined, problems: Problems) {
  const permutation: Permutation = choice?.permutation ?? new Map();
  const unknown = (token: string) => {
    const known = [...permutation.keys()].map((name) => (name === "" ? "matrix" : `matrix.${name}`)).join(", ");
    problems.error(step.place, "matrix-token", `{{${token}}} is none of the step's matrix`, `use one of ${known}`);
  };
  const fill = (text: string) => (choice === undefined ? text : withMatrix(text, permutation, unknown));
  const image = step.image?.value ?? pipeline.image?.value;
  const label = fill(step.label?.value ?? "");
  return {
    step,
    label,
    command: fill(step.command),
    env: [...pipeline.env, ...step.env].map((entry): EnvEntry => ({ ...entry, value: fill(entry.value) })),
    secrets: [...pipeline.secrets, ...step.secrets],
    agents: new Map([...(step.agents ?? pipeline.agents ?? [])].map(([tag, value]) => [tag, fill(value)] as const)),
    plugins: step.plugins.map((plugin) =>
      choice === undefined ? plugin : { ...plugin, config: valueWithMatrix(plugin.config, permutation, unknown) },
    ),
    artifactPaths: step.artifactPaths.map((path) => fill(path.value)),
    softFail: choice?.softFail ?? step.softFail,
    priority: step.priority || (pipeline.priority ?? 0),
    ...(image !== undefined && { image: fill(image) }),
    ...(choice !== undefined && { matrix: permutation }),
    ...(choice?.skip !== undefined && { skip: choice.skip }),
  };
}
