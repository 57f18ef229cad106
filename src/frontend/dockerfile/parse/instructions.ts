import type { Linter } from "../lint/linter.ts";
import type { Instruction, ParsedInstructions } from "./instruction.ts";
import type { ParsedFile } from "./node.ts";

/** Gives the lines their meaning, in stages. Throws like `parseDockerfile`; findings go to `linter`. */
export function parseInstructions(file: ParsedFile, linter?: Linter): ParsedInstructions {
  throw new Error(`not yet: ${file.source.filename} ${linter}`);
}

/**
 * The one instruction of an ONBUILD trigger's text. Throws `dockerfile/…` errors whose place is inside the trigger:
 * `relocate` them to the FROM line.
 */
export function parseTrigger(expression: string): Instruction {
  throw new Error(`not yet: ${expression}`);
}
