import { CooperError, messageOf } from "../../kit/index.ts";
import type { Place, Problems } from "../problems.ts";
import { type MapEntry, type MapValue, textOf, type Value, valueAt } from "../yaml/value.ts";
import { interpolate } from "./interpolate.ts";

export interface InterpolationOptions {
  /** A variable that is set already wins over one of the same name in the pipeline's `env`. */
  readonly preferRuntime?: boolean;
}

/**
 * A pipeline with its expansions replaced, keys of maps included, as `buildkite-agent pipeline upload` does: first the top level's `env`, in
 * order, each entry seen by those below it and by the steps; `variables` is changed by them. Signatures stay as they are. Bad expressions are
 * told to `problems` and left as they are.
 */
export function interpolatePipeline(
  pipeline: Value,
  variables: Map<string, string>,
  problems: Problems,
  options: InterpolationOptions = {},
): Value {
  const tree = new Tree(variables, problems);
  if (pipeline.kind !== "map") return tree.steps(pipeline);
  const env = valueAt(pipeline, "env");
  const done = env?.kind === "map" ? tree.env(env, variables, options.preferRuntime === true) : undefined;
  const entries = pipeline.entries.map((entry): MapEntry => {
    if (entry.key === "env" && done !== undefined) return { ...entry, value: done };
    if (entry.key === "steps") return { ...entry, value: tree.steps(entry.value) };
    return tree.entry(entry);
  });
  return { ...pipeline, entries };
}

class Tree {
  readonly #variables: ReadonlyMap<string, string>;
  readonly #problems: Problems;
  constructor(variables: ReadonlyMap<string, string>, problems: Problems) {
    this.#variables = variables;
    this.#problems = problems;
  }

  env(env: MapValue, variables: Map<string, string>, preferRuntime: boolean): MapValue {
    const entries = env.entries.map((entry) => {
      const done = this.entry(entry);
      if (!(preferRuntime && variables.has(done.key))) variables.set(done.key, textOf(done.value) ?? "");
      return done;
    });
    return { ...env, entries };
  }

  steps(steps: Value): Value {
    if (steps.kind !== "list") return this.value(steps);
    return { ...steps, items: steps.items.map((step) => this.#step(step)) };
  }

  #step(step: Value): Value {
    if (step.kind !== "map") return this.value(step);
    const entries = step.entries.map((entry) => {
      if (entry.key === "signature") return entry;
      return entry.key === "steps" ? { ...entry, value: this.steps(entry.value) } : this.entry(entry);
    });
    return { ...step, entries };
  }

  entry({ key, keyPlace, value }: MapEntry): MapEntry {
    return { key: this.#text(key, keyPlace), keyPlace, value: this.value(value) };
  }

  value(value: Value): Value {
    switch (value.kind) {
      case "list":
        return { ...value, items: value.items.map((item) => this.value(item)) };
      case "map":
        return { ...value, entries: value.entries.map((entry) => this.entry(entry)) };
      case "scalar": {
        if (typeof value.value !== "string") return value;
        const text = this.#text(value.value, value.place);
        return text === value.value ? value : { ...value, value: text, source: value.source ?? value.value };
      }
    }
  }

  #text(text: string, place: Place): string {
    try {
      return interpolate(text, this.#variables);
    } catch (error) {
      const fix = (error instanceof CooperError ? error.hint : undefined) ?? "write $$ for a dollar sign";
      this.#problems.error(place, "interpolation", `cannot interpolate: ${messageOf(error)}`, fix);
      return text;
    }
  }
}
