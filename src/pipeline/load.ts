import type { Pipeline } from "./contract.ts";
import { interpolatePipeline } from "./interpolate/interpolate-tree.ts";
import { type Problem, Problems } from "./problems.ts";
import { readPipeline } from "./steps/read-pipeline.ts";
import { readYaml } from "./yaml/read-yaml.ts";
import type { Value } from "./yaml/value.ts";

export interface LoadOptions {
  /** Variables as the upload sees them; changed by the pipeline's own `env`. Undefined: nothing is interpolated (`--no-interpolation`). */
  readonly variables?: Map<string, string>;
  /** A variable that is set already wins over the pipeline's `env`. */
  readonly preferRuntime?: boolean;
}

/** A file with pipelines, read as far as it can be. */
export interface LoadedFile {
  /** One per YAML document. */
  readonly documents: readonly LoadedDocument[];
  /** Errors and warnings, by place. */
  readonly problems: readonly Problem[];
}
export interface LoadedDocument {
  readonly pipeline: Pipeline;
  /** The document as it is written. */
  readonly written: Value;
  /** The document after interpolation. */
  readonly interpolated: Value;
}

/** Text to typed steps: YAML, interpolation as at upload, steps. Never throws: what is wrong is among the problems. `file` names it in them. */
export function loadPipeline(text: string, file: string, options: LoadOptions = {}): LoadedFile {
  const problems = new Problems(file);
  const { variables } = options;
  const values = readYaml(text, problems);
  if (values.length === 0 && !problems.hasErrors) {
    problems.error(
      { line: 1, column: 1 },
      "no-steps",
      "the file is empty",
      "write steps: and a list of steps below it",
    );
  }
  const documents = values.map((written): LoadedDocument => {
    const interpolated = variables === undefined ? written : interpolatePipeline(written, variables, problems, options);
    return { pipeline: readPipeline(interpolated, problems), written, interpolated };
  });
  return { documents, problems: problems.all };
}
