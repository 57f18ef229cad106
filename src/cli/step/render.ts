import { CooperError } from "../../kit/index.ts";
import type { RenderOptions } from "../../pipeline/index.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";
import { levelOf } from "./lint.ts";
import { pipelineInput } from "./pipeline-input.ts";
import { yamlFlag } from "./yaml-flag.ts";

/** Prints Kubernetes Jobs to standard output, and warnings to standard error. */
export async function runRender(values: FlagValues, io: Io, args: readonly string[]): Promise<number> {
  const { problemText, renderPipeline, toYaml } = await import("../../pipeline/index.ts");
  const standalone = standaloneOptions(values);
  const { text, file, build, variables } = await pipelineInput(values, args, io);
  const { jobs, problems } = renderPipeline(text, file, {
    build,
    variables,
    step: values.string("step") || undefined,
    config: await yamlFlag("config", values, io),
    podTemplate: await yamlFlag("pod-template", values, io),
    standalone,
  });
  for (const problem of problems) io.stderr(problemText(problem));
  for (const { label, notes } of jobs) for (const note of notes) io.stderr(`note: ${label}: ${note}\n`);
  const documents = jobs.map(({ job }) => job);
  io.stdout(values.bool("json") ? documents.map((job) => `${JSON.stringify(job)}\n`).join("") : toYaml(documents));
  return 0;
}

function standaloneOptions(values: FlagValues): RenderOptions["standalone"] {
  const own = ["pod-security", "source-image", "cooper-image", "secret"];
  if (!values.bool("standalone")) {
    const lonely = own.find((flag) => values.isSet(flag));
    if (lonely === undefined) return undefined;
    throw new CooperError("cli/usage", `--${lonely} is for Jobs without Buildkite only`, { hint: "Add --standalone." });
  }
  return {
    sourceImage: values.string("source-image") || undefined,
    cooperImage: values.string("cooper-image") || undefined,
    secretName: values.string("secret"),
    podSecurity: levelOf(values.string("pod-security")),
  };
}
