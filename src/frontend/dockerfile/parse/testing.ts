/** Short cuts for this folder's tests. */
import { CooperError } from "../../../kit/index.ts";
import { sourceDetailsOf } from "./errors.ts";
import { dockerfileSource, parseDockerfile } from "./file.ts";
import type { Instruction, ParsedInstructions } from "./instruction.ts";
import { parseInstructions } from "./instructions.ts";
import type { ParsedFile } from "./node.ts";

export function fileOf(text: string): ParsedFile {
  return parseDockerfile(dockerfileSource(new TextEncoder().encode(text)));
}

export function stagesOf(text: string): ParsedInstructions {
  return parseInstructions(fileOf(text));
}

/** The instructions of a stage that consists of `lines`. */
export function instructionsOf(...lines: string[]): readonly Instruction[] {
  return stagesOf(`FROM a\n${lines.join("\n")}\n`).stages[0]?.instructions ?? [];
}

/** Message, line numbers and hint of what goes wrong with a Dockerfile. */
export function errorOf(text: string): { message: string; lines: number[]; hint?: string } {
  try {
    stagesOf(text);
  } catch (error) {
    if (!(error instanceof CooperError)) throw error;
    const lines = (sourceDetailsOf(error)?.ranges ?? []).map((range) => range.start.line);
    return { message: error.message, lines, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
  throw new Error("nothing went wrong");
}
