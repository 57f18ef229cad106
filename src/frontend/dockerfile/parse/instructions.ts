import { CooperError, trim } from "../../../kit/index.ts";
import type { SourceFile } from "../../contract.ts";
import { checkArgDescription, checkFrom, checkMaintainer, checkStageDescription } from "../lint/line-checks.ts";
import type { Linter } from "../lint/linter.ts";
import { instructionNames } from "./arguments.ts";
import * as commands from "./commands.ts";
import { readAdd, readCopy } from "./copy-command.ts";
import { blame, type LineFailure, locate, maxFurther, relocate, reworded, withFurther } from "./errors.ts";
import { dockerfileSource, parseDockerfile } from "./file.ts";
import { readHealthcheck } from "./healthcheck-command.ts";
import type {
  ArgInstruction,
  Instruction,
  InstructionBase,
  Location,
  ParsedInstructions,
  Stage,
} from "./instruction.ts";
import { invalid, withSuggestion } from "./messages.ts";
import { type LineNode, lineRanges, type ParsedFile } from "./node.ts";
import { readRun } from "./run-command.ts";
import { readFrom } from "./stage.ts";

const readers: ReadonlyMap<string, commands.CommandReader> = new Map([
  ["add", readAdd],
  ["arg", commands.readArg],
  ["cmd", commands.readCmd],
  ["copy", readCopy],
  ["entrypoint", commands.readEntrypoint],
  ["env", commands.readEnv],
  ["expose", commands.readExpose],
  ["healthcheck", readHealthcheck],
  ["label", commands.readLabel],
  ["maintainer", commands.readMaintainer],
  ["onbuild", commands.readOnbuild],
  ["run", readRun],
  ["shell", commands.readShell],
  ["stopsignal", commands.readStopSignal],
  ["user", commands.readUser],
  ["volume", commands.readVolume],
  ["workdir", commands.readWorkdir],
]);

/**
 * Gives the lines their meaning, in stages. Throws like `parseDockerfile`: the first error, whose hint names the other
 * lines that are wrong. Findings go to `linter`.
 */
export function parseInstructions(file: ParsedFile, linter?: Linter): ParsedInstructions {
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  const metaArgs: ArgInstruction[] = [];
  for (const [index, node] of file.nodes.entries()) {
    const line = readNode(file, index, linter);
    const stage = stages.at(-1);
    if (line.kind === "from") stages.push({ ...line, instructions: [] });
    else if (stage !== undefined) stage.instructions.push(line);
    else if (line.kind === "arg") metaArgs.push(line);
    else throw locate(invalid("no build stage in current context"), file.source, locationOf(node));
  }
  return { stages, metaArgs };
}

function readNode(file: ParsedFile, index: number, linter: Linter | undefined): Instruction | Stage {
  const node = file.nodes[index] as LineNode; // index comes from entries()
  try {
    return readLine(node, locationOf(node), linter);
  } catch (error) {
    throw withFurther(parseError(error, file.source, node), failuresOf(file, index + 1));
  }
}

function parseError(error: unknown, source: SourceFile, node: LineNode): CooperError {
  const worded = reworded(error, (message) => `dockerfile parse error on line ${node.startLine}: ${message}`);
  return locate(worded, source, locationOf(node));
}

/** What is wrong with the lines from `from` on. */
function failuresOf(file: ParsedFile, from: number): LineFailure[] {
  const failures: LineFailure[] = [];
  for (const node of file.nodes.slice(from)) {
    try {
      readLine(node, locationOf(node), undefined);
    } catch (error) {
      failures.push({ line: node.startLine, error: error as CooperError }); // readLine throws nothing else
      if (failures.length === maxFurther) break;
    }
  }
  return failures;
}

/**
 * The one instruction of an ONBUILD trigger's text. It takes `location` (of the FROM line that inherits it), and so
 * does any error.
 */
export function parseTrigger(expression: string, source: SourceFile, location: Location): Instruction {
  try {
    const { nodes } = parseDockerfile(dockerfileSource(new TextEncoder().encode(expression)));
    const [node] = nodes;
    if (node === undefined || nodes.length !== 1) throw invalid("onbuild trigger should be a single expression");
    const line = readLine(node, location, undefined);
    if (line.kind === "from") throw invalid("*instructions.Stage is not a command type");
    return line;
  } catch (error) {
    throw relocate(error, source, location);
  }
}

/** One line's instruction, or its stage. Throws `dockerfile/invalid` without a place. */
function readLine(node: LineNode, location: Location, parent: Linter | undefined): Instruction | Stage {
  const base: InstructionBase = { name: node.command, code: trim(node.original), location, comments: node.comments };
  const linter = parent?.withComments(node.comments);
  const command = node.command.toLowerCase();
  if (command === "from") {
    checkFrom(node, location, linter);
    const stage = readFrom(node, base);
    checkStageDescription(stage, linter);
    return stage;
  }
  const reader = readers.get(command);
  if (reader === undefined) throw unknownInstruction(node.command);
  if (command === "maintainer") checkMaintainer(location, linter);
  const instruction = reader(node, base);
  if (instruction.kind === "arg") checkArgDescription(instruction, linter);
  return instruction;
}

function unknownInstruction(command: string): CooperError {
  const names = instructionNames.map((name) => name.toUpperCase());
  const sentence = withSuggestion(`unknown instruction: ${command}`, command, names, false);
  return new CooperError("dockerfile/unknown-instruction", sentence, blame(command));
}

function locationOf(node: LineNode): Location {
  return lineRanges(node.startLine, node.endLine);
}
