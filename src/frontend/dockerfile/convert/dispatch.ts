import { CooperError, goQuote, joinPath } from "../../../kit/index.ts";
import { blame, expandInstruction, type Instruction } from "../parse/index.ts";
import { expandWord } from "../shell/index.ts";
import { reportUndefined } from "./checks.ts";
import { type Conversion, expand, reporting } from "./context.ts";
import { dispatchArg } from "./dispatch-arg.ts";
import { dispatchConfig } from "./dispatch-config.ts";
import { dispatchCopy } from "./dispatch-copy.ts";
import { dispatchExpose } from "./dispatch-expose.ts";
import { dispatchRun } from "./dispatch-run.ts";
import { dispatchWorkdir } from "./dispatch-workdir.ts";
import type { StageState, Step } from "./stage.ts";

/** Applies one instruction to its stage: its file system, its image config, its variables. Throws unlocated errors. */
export function dispatch(stage: StageState, step: Step, outer: Conversion): void {
  const conversion: Conversion = { ...outer, linter: outer.linter.withComments(step.instruction.comments) };
  stage.inTrigger = step.isTrigger;
  const instruction = expandWords(stage, step.instruction, conversion);
  switch (instruction.kind) {
    case "arg":
      dispatchArg(stage, instruction, conversion);
      return;
    case "run":
      dispatchRun(stage, instruction, step.sources, conversion);
      return;
    case "workdir":
      dispatchWorkdir(stage, instruction, conversion);
      return;
    case "copy":
      copy(stage, instruction, step.sources[0], conversion);
      return;
    case "add":
      dispatchCopy(stage, instruction, conversion.buildContext, conversion);
      for (const path of instruction.sourcePaths) {
        if (!/^https?:\/\//.test(path)) stage.contextPaths.add(joinPath("/", path));
      }
      return;
    case "expose":
      dispatchExpose(stage, instruction, conversion);
      return;
    default:
      dispatchConfig(stage, instruction, conversion);
  }
}

/** A copy of the instruction with its variables filled in. ARG is left alone: its value may not count. */
function expandWords(stage: StageState, instruction: Instruction, conversion: Conversion): Instruction {
  if (instruction.kind === "arg") return instruction;
  const env = stage.env;
  const report = (unmatched: ReadonlySet<string>) => reportUndefined(stage, instruction, unmatched, conversion.linter);
  return expandInstruction(
    instruction,
    (word) => reporting(report, () => expand(conversion, word, env)).result,
    (word) => reporting(report, () => expandWord(word, env, { skipProcessQuotes: true })).result,
  );
}

function copy(
  stage: StageState,
  instruction: Instruction & { readonly kind: "copy" },
  source: StageState | undefined,
  conversion: Conversion,
): void {
  if (source !== undefined && !source.dispatched) {
    const [from, name] = [goQuote(instruction.from), goQuote(stage.displayName)];
    throw new CooperError(
      "dockerfile/stage-order",
      `cannot copy from stage ${from}, it needs to be defined before current stage ${name}`,
      blame(`--from=${instruction.from}`),
    );
  }
  dispatchCopy(stage, instruction, source?.state ?? conversion.buildContext, conversion);
  const paths = source === undefined ? stage.contextPaths : source.paths;
  for (const path of instruction.sourcePaths) paths.add(joinPath("/", path));
}
