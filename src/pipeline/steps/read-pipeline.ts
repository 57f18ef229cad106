import type { Pipeline } from "../contract.ts";
import type { Problems } from "../problems.ts";
import { describe, type Value } from "../yaml/value.ts";
import { readAgents, readEnv, readSecrets } from "./env.ts";
import { Fields } from "./fields.ts";
import { readSteps } from "./read-steps.ts";

/** Buildkite takes so many in one upload. */
const maxSteps = 500;

/** A document as a pipeline: a map with `steps`, or just a list of steps. What it cannot use is told to `problems`. */
export function readPipeline(document: Value, problems: Problems): Pipeline {
  if (document.kind === "list")
    return { steps: checked(readSteps(document, problems), document, problems), env: [], secrets: [] };
  if (document.kind === "scalar") {
    const fix = "write steps: and a list of steps below it";
    problems.error(document.place, "no-steps", `the pipeline is ${describe(document)}, wanted steps`, fix);
    return { steps: [], env: [], secrets: [] };
  }
  const fields = new Fields(document, problems);
  const agents = readAgents(fields);
  const image = fields.located("image");
  const priority = fields.whole(Number.MIN_SAFE_INTEGER, "priority");
  const notify = fields.value("notify");
  const checkout = fields.value("checkout");
  return {
    steps: checked(stepsOf(fields), document, problems),
    env: readEnv(fields),
    secrets: readSecrets(fields),
    ...(agents !== undefined && { agents }),
    ...(image !== undefined && { image }),
    ...(priority !== undefined && { priority: priority.value }),
    ...(notify !== undefined && { notify }),
    ...(checkout !== undefined && { checkout }),
  };
}

function stepsOf(fields: Fields) {
  const steps = fields.value("steps");
  if (steps?.kind === "list") return readSteps(steps, fields.problems);
  const fix = "write steps: and a list of steps below it";
  if (steps === undefined) fields.problems.error(fields.map.place, "no-steps", "the pipeline has no steps", fix);
  else fields.wrong(steps.place, `"steps" is ${describe(steps)}, wanted a list`, "start each step with a dash");
  return [];
}

function checked(steps: Pipeline["steps"], document: Value, problems: Problems): Pipeline["steps"] {
  const count = steps.reduce((sum, step) => sum + (step.kind === "group" ? step.steps.length + 1 : 1), 0);
  if (count > maxSteps) {
    problems.error(document.place, "too-many", `the pipeline has ${count} steps`, `use at most ${maxSteps}`);
  }
  return steps;
}
