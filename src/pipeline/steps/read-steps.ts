import type { PipelineStep, Place } from "../contract.ts";
import type { Problems } from "../problems.ts";
import { describe, type ListValue, type MapValue, textOf, type Value } from "../yaml/value.ts";
import { readCommandStep } from "./command.ts";
import { Fields } from "./fields.ts";
import { readBlockStep, readGroupStep, readTriggerStep, readWaitStep } from "./other.ts";

/** The steps of a list: maps, and single words such as `wait`. */
export function readSteps(list: ListValue, problems: Problems): readonly PipelineStep[] {
  return list.items.flatMap((item) => readStep(item, problems));
}

function readStep(item: Value, problems: Problems): readonly PipelineStep[] {
  if (item.kind === "map") return [readMap(item, problems)];
  const word = textOf(item);
  switch (word) {
    case "wait":
    case "waiter":
      return [{ ...bare(item), kind: "wait", continueOnFailure: false }];
    case "block":
    case "manual":
      return [{ ...bare(item), kind: "block" }];
    case "input":
      return [{ ...bare(item), kind: "input" }];
    default: {
      const message = `a step is ${describe(item)}, wanted a map or one of wait, block, input`;
      problems.error(item.place, "unknown-step", message, "write - command: … for a step that runs something");
      return [];
    }
  }
}

function bare(raw: Value): { readonly place: Place; readonly raw: Value; readonly allowDependencyFailure: false } {
  return { place: raw.place, raw, allowDependencyFailure: false };
}

const kinds = ["command", "wait", "block", "input", "trigger", "group"] as const;
type Kind = (typeof kinds)[number];

/** `type` and its older names. */
const typeNames: Readonly<Record<string, Kind>> = {
  command: "command",
  script: "command",
  wait: "wait",
  waiter: "wait",
  block: "block",
  manual: "block",
  input: "input",
  trigger: "trigger",
  group: "group",
};
/** A step without `type` is what its first key of these says. */
const kindByKey: readonly (readonly [string, Kind])[] = [
  ["command", "command"],
  ["commands", "command"],
  ["plugins", "command"],
  ["wait", "wait"],
  ["waiter", "wait"],
  ["block", "block"],
  ["manual", "block"],
  ["input", "input"],
  ["trigger", "trigger"],
  ["group", "group"],
  ["script", "command"],
];

function readMap(map: MapValue, problems: Problems): PipelineStep {
  const fields = new Fields(map, problems);
  switch (kindOf(fields)) {
    case "command":
      return readCommandStep(fields);
    case "wait":
      return readWaitStep(fields);
    case "block":
      return readBlockStep(fields, "block");
    case "input":
      return readBlockStep(fields, "input");
    case "trigger":
      return readTriggerStep(fields);
    case "group":
      return readGroupStep(fields, readInner);
    case undefined:
      return { ...bare(map), kind: "unknown" };
  }
}

function readInner(fields: Fields): readonly PipelineStep[] {
  const steps = fields.value("steps");
  if (steps?.kind === "list") return readSteps(steps, fields.problems);
  const place = steps?.place ?? fields.map.place;
  fields.wrong(place, "a group has no list of steps", "add steps: with a list below the group");
  return [];
}

function kindOf(fields: Fields): Kind | undefined {
  const { problems, map } = fields;
  const type = fields.located("type");
  if (type !== undefined) {
    const kind = Object.hasOwn(typeNames, type.value) ? typeNames[type.value] : undefined;
    if (kind !== undefined) return kind;
    const message = `there is no type of step ${JSON.stringify(type.value)}: the step is not run`;
    problems.warn(type.place, "unknown-step", message, `use one of ${kinds.join(", ")}`);
    return undefined;
  }
  const found = kindByKey.find(([key]) => map.entries.some((entry) => entry.key === key));
  if (found !== undefined) return found[1];
  const fix = `add one of ${kindByKey.map(([key]) => key).join(", ")}`;
  problems.warn(map.place, "unknown-step", "cannot tell what kind of step this is: it is not run", fix);
  return undefined;
}
