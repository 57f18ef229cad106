import { CooperError } from "../../kit/index.ts";
import type { FrontendResult } from "../contract.ts";
import type { Build } from "./build.ts";
import { type Converted, convertDockerfile } from "./convert/convert.ts";
import { createLinter, type LintFinding, lintConfigOf } from "./lint/index.ts";
import {
  convertLlbResult,
  describeResult,
  lintResult,
  outlineOf,
  outlineResult,
  type RequestResult,
  targetsResult,
} from "./requests/index.ts";

/** Answers `requestid`: a question about the Dockerfile instead of a build. Throws `unsupported request …`. */
export async function answerRequest(
  id: string,
  build: Build,
  warn: (finding: LintFinding) => void,
): Promise<FrontendResult> {
  return { refs: new Map(), metadata: await answer(id, build, warn) };
}

async function answer(id: string, build: Build, warn: (finding: LintFinding) => void): Promise<RequestResult> {
  switch (id) {
    case "frontend.subrequests.describe":
      return describeResult();
    case "frontend.targets":
      return targetsResult(build.entrypoint.file);
    case "frontend.outline":
      return outlineResult(outlineOf((await convertFor(build, false, warn)).target), build.entrypoint.data);
    case "frontend.lint":
      return lint(build);
    case "frontend.convertllb": {
      const { state, platform } = await convertFor(build, false, warn);
      return convertLlbResult(build.solver.marshal(state, platform).bytes);
    }
    default:
      throw new CooperError("dockerfile/unsupported-request", `unsupported request ${id}`, {
        details: { kind: "subrequest", name: id },
      });
  }
}

/** All stages are looked at, unless a target was named. What keeps the file from being converted is part of the answer. */
async function lint(build: Build): Promise<RequestResult> {
  const findings: LintFinding[] = [];
  try {
    await convertFor(build, build.options.target === "", (finding) => findings.push(finding));
    return lintResult(build.entrypoint.file, findings);
  } catch (error) {
    if (build.solver.scope.signal.aborted) throw error;
    return lintResult(build.entrypoint.file, findings, error);
  }
}

/** Converts for the worker's own platform, whatever platforms were asked for. */
function convertFor(build: Build, allStages: boolean, warn: (finding: LintFinding) => void): Promise<Converted> {
  const linter = createLinter(lintConfigOf(build.entrypoint.file, build.options.lint), warn);
  return convertDockerfile({ ...build.conversion, linter, targetPlatform: undefined, allStages });
}
