import { CooperError } from "../../kit/index.ts";
import type { FrontendRequest, FrontendResult } from "../contract.ts";
import type { Build } from "./build.ts";
import { convertDockerfile } from "./convert/convert.ts";
import { createLinter, type LintFinding, lintConfigOf } from "./lint/index.ts";
import {
  describeResult,
  lintResult,
  outlineOf,
  outlineResult,
  type RequestResult,
  targetsResult,
} from "./requests/index.ts";

/**
 * Answers `requestid`: a question about the Dockerfile instead of a build. Undefined when nothing is asked. `platform` has
 * no effect on an answer, as upstream has it.
 */
export async function answerRequest(request: FrontendRequest, build: Build): Promise<FrontendResult | undefined> {
  const id = request.options.requestid;
  if (id === undefined) return undefined;
  return { refs: new Map(), metadata: await answer(id, build) };
}

async function answer(id: string, build: Build): Promise<RequestResult> {
  switch (id) {
    case "frontend.lint":
      return answerLint(build);
    case "frontend.outline":
      return answerOutline(build);
    case "frontend.targets":
      return targetsResult(build.entrypoint.file);
    case "frontend.subrequests.describe":
      return describeResult();
    default:
      throw new CooperError("dockerfile/unsupported-request", `unsupported request ${id}`);
  }
}

/** Converts every stage, or what the target needs, for the findings alone. An error of the file is part of the answer. */
async function answerLint(build: Build): Promise<RequestResult> {
  const findings: LintFinding[] = [];
  try {
    const linter = createLinter(lintConfig(build), (finding) => findings.push(finding));
    const allStages = build.options.target === "";
    await convertDockerfile({ ...build.conversion, linter, targetPlatform: undefined, allStages });
  } catch (error) {
    if (!(error instanceof CooperError)) throw error;
    return lintResult(build.entrypoint.file, findings, error);
  }
  return lintResult(build.entrypoint.file, findings);
}

async function answerOutline(build: Build): Promise<RequestResult> {
  const linter = createLinter(lintConfig(build), () => {});
  const { target } = await convertDockerfile({ ...build.conversion, linter, targetPlatform: undefined });
  return outlineResult(outlineOf(target), build.entrypoint.data);
}

function lintConfig({ entrypoint, options }: Build) {
  return lintConfigOf(entrypoint.data, options.lint);
}
