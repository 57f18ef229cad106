import type { Dependency } from "../contract.ts";
import { describe, textOf, type Value } from "../yaml/value.ts";
import { Fields, isNull } from "./fields.ts";

/** `depends_on`: a key, a list of keys or of `{step, allow_failure}`. Undefined: not stated; empty for `~` and `[]`. */
export function readDependencies(fields: Fields): readonly Dependency[] | undefined {
  const value = fields.entry("depends_on")?.value;
  if (value === undefined) return undefined;
  if (isNull(value)) return [];
  const items = value.kind === "list" ? value.items : [value];
  return items.flatMap((item) => readDependency(item, fields));
}

function readDependency(item: Value, fields: Fields): readonly Dependency[] {
  const text = textOf(item);
  if (text !== undefined) return text === "" ? [] : [{ step: text, allowFailure: false, place: item.place }];
  if (isNull(item)) return [];
  if (item.kind === "map") {
    const inner = new Fields(item, fields.problems);
    const step = inner.text("step");
    const allowFailure = inner.boolean("allow_failure") ?? false;
    inner.warnOfUnknown("a dependency");
    if (step !== undefined) return [{ step, allowFailure, place: item.place }];
  }
  const fix = "write the key of a step, or {step: KEY, allow_failure: true}";
  fields.wrong(item.place, `"depends_on" has ${describe(item)}, wanted a step's key`, fix);
  return [];
}
