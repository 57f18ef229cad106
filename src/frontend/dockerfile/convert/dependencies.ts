import { CooperError } from "../../../kit/index.ts";
import type { SourceFile } from "../../contract.ts";
import {
  blame,
  blaming,
  type CopyInstruction,
  type Instruction,
  locate,
  type RunInstruction,
  type Stage,
} from "../parse/index.ts";
import { environmentOf } from "../shell/index.ts";
import { type Conversion, expand } from "./context.ts";
import { StageState } from "./stage.ts";
import type { Stages } from "./stages.ts";

type Naming = Pick<Conversion, "escapeToken" | "stages">;

/** Makes steps of all instructions and notes which stages they use. Throws for a stage that does not exist, and for cycles. */
export function linkStages(conversion: Naming & { readonly file: SourceFile }): void {
  const { stages } = conversion;
  // Stages are added while we look: images that COPY names.
  for (const stage of stages.all) {
    stage.steps = stage.stage.instructions.map((instruction) => {
      try {
        return linkInstruction(stage, instruction, conversion);
      } catch (error) {
        throw locate(error, conversion.file, [], { lines: instruction.location, unsent: true });
      }
    });
  }
  refuseCycles(stages.all, conversion.file);
  const [only, ...more] = stages.all;
  if (only !== undefined && more.length === 0) only.displayName = "";
}

/** The step of one instruction; stages that it uses are noted, and added when they are new. */
export function linkInstruction(stage: StageState, instruction: Instruction, conversion: Naming, isTrigger = false) {
  const sources = sourcesOf(instruction, conversion);
  for (const source of sources) {
    stage.uses.set(source, instruction);
    if (source.unregistered) conversion.stages.add(source);
  }
  return { instruction, sources, isTrigger };
}

function sourcesOf(instruction: Instruction, conversion: Naming): StageState[] {
  if (instruction.kind === "copy") return instruction.from === "" ? [] : [copySource(instruction, conversion)];
  return instruction.kind === "run" ? mountSources(instruction, conversion.stages) : [];
}

function copySource(instruction: CopyInstruction, conversion: Naming): StageState {
  const { from } = instruction;
  if (expand(conversion, from, environmentOf([])).result !== from) {
    throw new CooperError(
      "dockerfile/from-variable",
      "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround",
      blame(`--from=${from}`),
    );
  }
  if (/^[+-]?\d{1,18}$/.test(from)) {
    return blaming([`--from=${from}`], () => conversion.stages.byIndex(Number(from)));
  }
  return conversion.stages.byName(from) ?? imageStage(from, instruction.location, instruction.location);
}

/** One per mount; a mount without `from` counts as one from scratch. */
function mountSources(instruction: RunInstruction, stages: Stages): StageState[] {
  return instruction.mountFlags.map(({ from }) => {
    const name = from === "" ? "scratch" : from;
    return stages.byName(name) ?? imageStage(name, [], instruction.location);
  });
}

/** A stage that no FROM opens, for an image that is only copied from. */
function imageStage(baseName: string, location: Stage["location"], usedAt: Stage["location"]): StageState {
  const stage: Stage = {
    kind: "from",
    name: "",
    code: "",
    location,
    comments: [],
    baseName,
    stageName: "",
    platform: "",
    docComment: "",
    instructions: [],
  };
  return new StageState(stage, baseName, usedAt);
}

function refuseCycles(stages: readonly StageState[], file: SourceFile): void {
  const done = new Set<StageState>();
  for (const start of stages) {
    const cycle = findCycle(start, done);
    if (cycle === undefined) continue;
    let error = new CooperError("dockerfile/cycle", `circular dependency detected on stage: ${start.displayName}`);
    for (const instruction of cycle)
      error = locate(error, file, instruction.location, { blamed: fromsOf(instruction) });
    throw error;
  }
}

function fromsOf(instruction: Instruction): string[] {
  if (instruction.kind === "copy") return [`--from=${instruction.from}`];
  return instruction.kind === "run" ? instruction.mountFlags.map(({ from }) => `from=${from}`) : [];
}

/** The instructions along a way from `start` into a cycle. Iterative: there may be very many stages. */
function findCycle(start: StageState, done: Set<StageState>): Instruction[] | undefined {
  if (done.has(start)) return undefined;
  const path = [{ stage: start, edges: [...start.uses], via: undefined as Instruction | undefined }];
  const onPath = new Set([start]);
  done.add(start);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const edge = top.edges.shift();
    if (edge === undefined) {
      onPath.delete(top.stage);
      path.pop();
    } else if (onPath.has(edge[0])) {
      return [...path.flatMap(({ via }) => via ?? []), edge[1]];
    } else if (!done.has(edge[0])) {
      done.add(edge[0]);
      onPath.add(edge[0]);
      path.push({ stage: edge[0], edges: [...edge[0].uses], via: edge[1] });
    }
  }
  return undefined;
}
