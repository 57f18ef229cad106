/** Checks that need the parsed file and nothing else; the converter runs them before it converts. */
import type { Location, Stage } from "../parse/instruction.ts";
import type { ParsedFile } from "../parse/node.ts";
import type { Linter } from "./linter.ts";
import {
  consistentInstructionCasing,
  duplicateStageName,
  invalidDefaultArgInFrom,
  noEmptyContinuation,
  reservedStageName,
} from "./rules.ts";

/** NoEmptyContinuation; upstream reports it before it looks at instructions. */
export function checkEmptyContinuations(file: ParsedFile, linter: Linter): void {
  for (const range of file.emptyContinuations) linter.run(noEmptyContinuation, [range]);
}

/** ReservedStageName and DuplicateStageName, then ConsistentInstructionCasing. */
export function checkStages(stages: readonly Stage[], linter: Linter): void {
  checkStageNames(stages, linter);
  checkCasing(stages, linter);
}

/**
 * InvalidDefaultArgInFrom: base names must stay valid when no build argument is given. `expandDefault` expands a base
 * name with the ARG defaults alone; when it throws, the check is given up, since the conversion will fail the same way.
 */
export function checkDefaultBases(
  stages: readonly Stage[],
  expandDefault: (baseName: string) => string,
  isReference: (text: string) => boolean,
  linter: Linter,
): void {
  for (const stage of stages) {
    let base: string;
    try {
      base = expandDefault(stage.baseName);
    } catch {
      return;
    }
    if (!isReference(base)) linter.run(invalidDefaultArgInFrom, stage.location, stage.baseName);
  }
}

function checkStageNames(stages: readonly Stage[], linter: Linter): void {
  const seen = new Set<string>();
  for (const { stageName, location } of stages) {
    if (stageName === "") continue;
    if (stageName === "context" || stageName === "scratch") linter.run(reservedStageName, location, stageName);
    if (seen.has(stageName)) linter.run(duplicateStageName, location, stageName);
    seen.add(stageName);
  }
}

interface NamedLine {
  readonly name: string;
  readonly location: Location;
}

/** A tie counts as upper case; words of mixed case have no vote. ARG lines before the first FROM are not looked at. */
function checkCasing(stages: readonly Stage[], linter: Linter): void {
  const lines: NamedLine[] = stages.flatMap((stage) => [stage, ...stage.instructions]);
  const lower = lines.filter(({ name }) => name === name.toLowerCase()).length;
  const upper = lines.filter(({ name }) => name !== name.toLowerCase() && name === name.toUpperCase()).length;
  const majorityIsLower = lower > upper;
  for (const { name, location } of lines) {
    const wanted = majorityIsLower ? name.toLowerCase() : name.toUpperCase();
    if (name === wanted) continue;
    linter.run(consistentInstructionCasing, location, name, majorityIsLower ? "lowercase" : "uppercase");
  }
}
