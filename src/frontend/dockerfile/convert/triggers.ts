import { parseTrigger, relocate } from "../parse/index.ts";
import type { Conversion } from "./context.ts";
import { linkInstruction } from "./dependencies.ts";
import { withConfig } from "./image.ts";
import type { StageState } from "./stage.ts";

/**
 * Puts the ONBUILD triggers of what the stage builds on before its own instructions; they stand where its FROM stands.
 * True when they use stages that nobody used before.
 */
export function fireTriggers(stage: StageState, conversion: Conversion): boolean {
  const triggers = [...(stage.image.config.onBuild ?? [])];
  if (stage.base !== undefined && !stage.triggersRead) {
    for (const { instruction } of stage.base.steps) {
      if (instruction.kind === "onbuild") triggers.push(instruction.expression);
    }
    stage.triggersRead = true;
  }
  if (triggers.length === 0) return false;
  try {
    return addTriggers(stage, triggers, conversion);
  } catch (error) {
    throw relocate(error, conversion.file, stage.stage.location);
  }
}

function addTriggers(stage: StageState, triggers: readonly string[], conversion: Conversion): boolean {
  const { location } = stage.stage;
  const steps = triggers.map((trigger) => {
    const instruction = parseTrigger(trigger, conversion.file, location);
    return linkInstruction(stage, instruction, conversion, true);
  });
  stage.steps = [...steps, ...stage.steps];
  stage.stepTotal += steps.length;
  stage.image = withConfig(stage.image, { onBuild: [] });
  return steps.some(({ sources }) => sources.length > 0);
}
