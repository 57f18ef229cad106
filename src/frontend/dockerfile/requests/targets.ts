import type { SourceFile } from "../../contract.ts";
import { parseDockerfile, parseInstructions, type Stage } from "../parse/index.ts";
import { alignColumns } from "./columns.ts";
import { base64, locationJson, type RequestResult, requestResult } from "./result.ts";

/** The answer to `frontend.targets`: the stages of a Dockerfile. Throws what parsing throws. */
export function targetsResult(source: SourceFile): RequestResult {
  const { stages } = parseInstructions(parseDockerfile(source));
  const targets = stages.map((stage, index) => targetJson(stage, index === stages.length - 1));
  const json = { targets: targets.length === 0 ? null : targets, sources: [base64(source.data)] };
  return requestResult(json, targetsText(stages));
}

function targetJson(stage: Stage, isDefault: boolean): object {
  return {
    name: stage.stageName || undefined,
    default: isDefault || undefined,
    description: stage.docComment || undefined,
    base: stage.baseName || undefined,
    platform: stage.platform || undefined,
    location: locationJson(stage.location),
  };
}

function targetsText(stages: readonly Stage[]): string {
  const lines = stages.map(({ stageName, docComment }, index) => {
    const isDefault = index === stages.length - 1;
    const name = [stageName, isDefault ? "(default)" : ""].filter((word) => word !== "").join(" ");
    return `${name}\t${docComment}`;
  });
  return alignColumns(["TARGET\tDESCRIPTION", ...lines], 1);
}
