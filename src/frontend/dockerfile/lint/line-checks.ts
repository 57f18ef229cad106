/** Checks that need one line only; `parseInstructions` runs them. */
import type { ArgInstruction, Location, Stage } from "../parse/instruction.ts";
import type { LineNode } from "../parse/node.ts";
import type { Linter } from "./linter.ts";
import { fromAsCasing, invalidDefinitionDescription, maintainerDeprecated, stageNameCasing } from "./rules.ts";

/** StageNameCasing and FromAsCasing, before the line is known to be valid. */
export function checkFrom(node: LineNode, location: Location, linter: Linter | undefined): void {
  const [, as = "", stage = ""] = node.args;
  if (node.args.length === 3 && stage !== stage.toLowerCase()) linter?.run(stageNameCasing, location, stage);
  if (node.args.length >= 3 && !sameCasing(node.command, as)) linter?.run(fromAsCasing, location, node.command, as);
}

/** A FROM of mixed case is ConsistentInstructionCasing's business. */
function sameCasing(from: string, as: string): boolean {
  if (from === from.toLowerCase()) return as === as.toLowerCase();
  return from !== from.toUpperCase() || as === as.toUpperCase();
}

export function checkMaintainer(location: Location, linter: Linter | undefined): void {
  linter?.run(maintainerDeprecated, location);
}

export function checkStageDescription(stage: Stage, linter: Linter | undefined): void {
  if (stage.stageName !== "") checkDescription("FROM", [stage.stageName], stage, linter);
}

export function checkArgDescription(arg: ArgInstruction, linter: Linter | undefined): void {
  const names = arg.args.map((pair) => pair.key);
  checkDescription("ARG", names, arg, linter);
}

/** InvalidDefinitionDescription: the comment nearest to a definition should begin with a name that it defines. */
function checkDescription(
  instruction: string,
  names: readonly string[],
  at: { readonly comments: readonly string[]; readonly location: Location },
  linter: Linter | undefined,
): void {
  const [first] = at.comments.at(-1)?.split(" ", 1) ?? [];
  if (first === undefined || names.includes(first)) return;
  const example = names.length > 1 ? "<arg_key>" : (names[0] ?? "");
  linter?.run(invalidDefinitionDescription, at.location, instruction, example);
}
