import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CooperError, errnoOf, reasonOf } from "../../kit/index.ts";
import type { BuildContext } from "../../pipeline/index.ts";
import type { FlagValues } from "../args/spec.ts";
import type { Io } from "../io.ts";

/** A pipeline's file and the build that it belongs to. */
export interface PipelineInput {
  readonly text: string;
  /** As the user named it. */
  readonly file: string;
  readonly build: BuildContext;
  /** From `--env`. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Where Buildkite's agent looks, in its order. */
const usualFiles = [
  "buildkite.yml",
  "buildkite.yaml",
  "buildkite.json",
  ".buildkite/pipeline.yml",
  ".buildkite/pipeline.yaml",
  ".buildkite/pipeline.json",
  "buildkite/pipeline.yml",
  "buildkite/pipeline.yaml",
  "buildkite/pipeline.json",
];

/** Reads the file that the arguments name (`-`: standard input; none: the first of the usual ones). Throws `cli/no-pipeline`. */
export async function pipelineInput(values: FlagValues, args: readonly string[], io: Io): Promise<PipelineInput> {
  const { buildFromGit } = await import("../../pipeline/index.ts");
  if (args.length > 1) throw new CooperError("cli/usage", `one pipeline file is expected, not ${args.length}`);
  const { file, text } = await readPipelineFile(args[0], io);
  const folder = file === "-" ? io.around.cwd : dirname(resolve(io.around.cwd, file));
  const build = await buildFromGit(folder, buildVariables(values, io.around.env));
  return { text, file, build, variables: givenVariables(values.strings("env"), io.around.env) };
}

/** Flags say the same as the agent's variables. */
export function buildVariables(values: FlagValues, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const said = (flag: string, name: string) => (values.isSet(flag) ? { [name]: values.string(flag) } : {});
  return {
    ...env,
    ...said("branch", "BUILDKITE_BRANCH"),
    ...said("commit", "BUILDKITE_COMMIT"),
    ...said("repository", "BUILDKITE_REPO"),
  };
}

/** The pipeline's file as `pipelineInput` finds it. Throws `cli/no-pipeline`. */
export async function readPipelineFile(named: string | undefined, io: Io): Promise<{ file: string; text: string }> {
  if (named === "-") return { file: "-", text: new TextDecoder().decode(await io.readStdin()) };
  const candidates = named === undefined ? usualFiles : [named];
  for (const file of candidates) {
    try {
      return { file, text: await readFile(resolve(io.around.cwd, file), "utf8") };
    } catch (error) {
      if (errnoOf(error) === "ENOENT" && named === undefined) continue;
      throw new CooperError("cli/no-pipeline", `cannot read the pipeline ${file}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }
  throw new CooperError("cli/no-pipeline", "there is no pipeline here", {
    hint: `Name its file; without a name these are tried: ${usualFiles.join(", ")}.`,
  });
}

/** `NAME=VALUE`, or `NAME` with the value that it has here. */
export function givenVariables(entries: readonly string[], env: NodeJS.ProcessEnv): Map<string, string> {
  return new Map(
    entries.map((entry) => {
      const at = entry.indexOf("=");
      if (at > 0) return [entry.slice(0, at), entry.slice(at + 1)];
      const value = env[entry];
      if (at === 0 || value === undefined) throw new CooperError("cli/usage", `--env ${entry} has no value`);
      return [entry, value];
    }),
  );
}
