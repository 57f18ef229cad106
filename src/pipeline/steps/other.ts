import type { BlockStep, GroupStep, PipelineStep, TriggerStep, WaitStep } from "../contract.ts";
import { readCommon } from "./common.ts";
import { type Fields, isNull } from "./fields.ts";
import { readSkip, readSoftFail } from "./retry.ts";

export function readWaitStep(fields: Fields): WaitStep {
  // `wait: "text"` shows a text, `wait: ~` nothing.
  fields.entry("wait", "waiter", "type");
  const step: WaitStep = {
    ...readCommon(fields),
    kind: "wait",
    continueOnFailure: fields.boolean("continue_on_failure") ?? false,
  };
  fields.warnOfUnknown("a wait step");
  return step;
}

export function readBlockStep(fields: Fields, kind: BlockStep["kind"]): BlockStep {
  const title = fields.located("block", "input", "manual");
  const prompt = fields.text("prompt");
  const asked = fields.value("fields");
  const blockedState = fields.text("blocked_state");
  fields.entry("type", "allowed_teams", "allow_dependency_failure");
  const common = readCommon(fields);
  fields.warnOfUnknown(`a ${kind} step`);
  return {
    ...common,
    kind,
    ...(common.label === undefined && title !== undefined && { label: title }),
    ...(prompt !== undefined && { prompt }),
    ...(asked !== undefined && { fields: asked }),
    ...(blockedState !== undefined && { blockedState }),
  };
}

export function readTriggerStep(fields: Fields): TriggerStep {
  const build = fields.value("build");
  const skip = readSkip(fields);
  fields.entry("type");
  const step: TriggerStep = {
    ...readCommon(fields),
    kind: "trigger",
    pipeline: fields.text("trigger") ?? "",
    async: fields.boolean("async") ?? false,
    softFail: readSoftFail(fields),
    ...(build !== undefined && { build }),
    ...(skip !== undefined && { skip }),
  };
  fields.warnOfUnknown("a trigger step");
  return step;
}

/** `read` reads the steps within, which may not be groups themselves. */
export function readGroupStep(fields: Fields, read: (fields: Fields) => readonly PipelineStep[]): GroupStep {
  const entry = fields.entry("group");
  const title = entry === undefined || isNull(entry.value) ? undefined : fields.located("group");
  const skip = readSkip(fields);
  fields.entry("type");
  const common = readCommon(fields);
  const steps = read(fields);
  fields.warnOfUnknown("a group");
  for (const step of steps) {
    if (step.kind === "group") fields.wrong(step.place, "a group stands inside a group", "move the inner group out");
  }
  return {
    ...common,
    kind: "group",
    steps: steps.filter((step) => step.kind !== "group"),
    ...(title !== undefined && { label: title }),
    ...(skip !== undefined && { skip }),
  };
}
