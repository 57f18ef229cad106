import type { Located, StepCommon } from "../contract.ts";
import { readDependencies } from "./dependencies.ts";
import type { Fields } from "./fields.ts";

/** The keys that every kind of step may have. */
export function readCommon(fields: Fields): StepCommon {
  const key = fields.located("key", "id", "identifier");
  const label = fields.located("label", "name");
  const condition = fields.located("if");
  const branches = readBranches(fields);
  const dependsOn = readDependencies(fields);
  const notify = fields.value("notify");
  if (key !== undefined) checkKey(key, fields);
  if (condition !== undefined && branches !== undefined) {
    fields.wrong(
      branches.place,
      'a step cannot have both "if" and "branches"',
      "say the branches in the if: build.branch == …",
    );
  }
  return {
    place: fields.map.place,
    raw: fields.map,
    allowDependencyFailure: fields.boolean("allow_dependency_failure") ?? false,
    ...(key !== undefined && { key }),
    ...(label !== undefined && { label }),
    ...(condition !== undefined && condition.value.trim() !== "" && { if: condition }),
    ...(branches !== undefined && { branches }),
    ...(dependsOn !== undefined && { dependsOn }),
    ...(notify !== undefined && { notify }),
  };
}

/** A text of patterns, or a list of them. */
function readBranches(fields: Fields): Located<string> | undefined {
  const patterns = fields.texts("branches");
  const [first] = patterns;
  return first && { value: patterns.map(({ value }) => value).join(" "), place: first.place };
}

/** Groups repeat nothing here: a key is unique in the whole build, which the graph checks. */
function checkKey({ value, place }: Located<string>, fields: Fields): void {
  const shown = JSON.stringify(value);
  if (!/^[A-Za-z0-9_\-:${}.,]{1,100}$/.test(value)) {
    fields.wrong(place, `${shown} is no key`, "use at most 100 letters, digits, - _ : . ,");
  } else if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value)) {
    fields.wrong(place, `${shown} is a UUID, which is no key`, "give the step a name");
  }
}
