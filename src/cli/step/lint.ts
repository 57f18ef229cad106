import { CooperError } from "../../kit/index.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";
import { pipelineInput } from "./pipeline-input.ts";
import { yamlFlag } from "./yaml-flag.ts";

/** Prints what is wrong with a pipeline; 1 for an error in it, and with `--strict` for a warning. */
export async function runLint(values: FlagValues, io: Io, args: readonly string[]): Promise<number> {
  const { buildEnvironment, lintPipeline, problemText } = await import("../../pipeline/index.ts");
  const podSecurity = levelOf(values.string("pod-security"));
  const { text, file, build, variables } = await pipelineInput(values, args, io);
  const env = new Map([...Object.entries(buildEnvironment(build)), ...variables]);
  const config = await yamlFlag("config", values, io);
  const podTemplate = await yamlFlag("pod-template", values, io);
  const problems = lintPipeline(text, file, { build, env, variables: env, podSecurity, config, podTemplate });
  io.stdout(values.bool("json") ? `${JSON.stringify(problems, null, 2)}\n` : problems.map(problemText).join(""));
  const bad = problems.filter(({ severity }) => severity === "error" || values.bool("strict"));
  return bad.length === 0 ? 0 : 1;
}

/** Undefined: everything is admitted. */
export function levelOf(text: string): "baseline" | "restricted" | undefined {
  if (text === "privileged" || text === "") return undefined;
  if (text === "baseline" || text === "restricted") return text;
  throw new CooperError("cli/usage", `--pod-security has no level "${text}"`, {
    hint: "Use privileged, baseline or restricted.",
  });
}
