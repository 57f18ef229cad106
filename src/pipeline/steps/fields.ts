import { suggest } from "../../kit/index.ts";
import type { Located } from "../contract.ts";
import type { Place, Problems } from "../problems.ts";
import { describe, type MapEntry, type MapValue, textOf, type Value } from "../yaml/value.ts";

/** Reads the keys of one map; what has the wrong shape is told to `problems` and counts as not stated. */
export class Fields {
  readonly map: MapValue;
  readonly problems: Problems;
  readonly #known = new Set<string>();
  constructor(map: MapValue, problems: Problems) {
    this.map = map;
    this.problems = problems;
  }

  /** The entry of the first name that is there with something in it, else of the first that is there. */
  entry(...names: readonly string[]): MapEntry | undefined {
    for (const name of names) this.#known.add(name);
    const found = names.flatMap((name) => this.map.entries.filter((entry) => entry.key === name));
    return found.find(({ value }) => !isNull(value)) ?? found[0];
  }

  /** The value of `entry`; undefined for null. */
  value(...names: readonly string[]): Value | undefined {
    const value = this.entry(...names)?.value;
    return value === undefined || isNull(value) ? undefined : value;
  }

  has(name: string): boolean {
    this.#known.add(name);
    return this.map.entries.some((entry) => entry.key === name);
  }

  located(...names: readonly string[]): Located<string> | undefined {
    const value = this.value(...names);
    if (value === undefined) return undefined;
    const text = textOf(value);
    if (text !== undefined) return { value: text, place: value.place };
    this.#wrong(names, value, "text");
    return undefined;
  }

  text(...names: readonly string[]): string | undefined {
    return this.located(...names)?.value;
  }

  /** Text `"true"` and `"false"`, which interpolation makes, count too. */
  boolean(...names: readonly string[]): boolean | undefined {
    const value = this.value(...names);
    if (value === undefined) return undefined;
    const text = textOf(value);
    if (text === "true" || text === "false") return text === "true";
    this.#wrong(names, value, "true or false");
    return undefined;
  }

  /** A whole number of at least `least`; also as text, which interpolation makes. */
  whole(least: number, ...names: readonly string[]): Located<number> | undefined {
    const value = this.value(...names);
    if (value === undefined) return undefined;
    const number = Number(textOf(value) ?? Number.NaN);
    if (Number.isSafeInteger(number) && number >= least && textOf(value) !== "")
      return { value: number, place: value.place };
    this.#wrong(names, value, `a whole number of at least ${least}`);
    return undefined;
  }

  /** Text or a list of texts. */
  texts(...names: readonly string[]): readonly Located<string>[] {
    const value = this.value(...names);
    if (value === undefined) return [];
    const items = value.kind === "list" ? value.items : [value];
    return items.flatMap((item) => {
      const text = textOf(item);
      if (text !== undefined) return [{ value: text, place: item.place }];
      if (!isNull(item)) this.#wrong(names, item, "text");
      return [];
    });
  }

  /** Warns of keys that nobody asked for. */
  warnOfUnknown(what: string): void {
    for (const { key, keyPlace } of this.map.entries) {
      if (this.#known.has(key)) continue;
      const near = suggest(key, [...this.#known]);
      const fix = near === undefined ? "remove it" : `did you mean ${JSON.stringify(near)}?`;
      this.problems.warn(keyPlace, "unknown-key", `${what} has no key ${JSON.stringify(key)}: it is ignored`, fix);
    }
  }

  wrong(place: Place, message: string, fix: string): void {
    this.problems.error(place, "bad-value", message, fix);
  }

  #wrong(names: readonly string[], value: Value, wanted: string): void {
    this.wrong(value.place, `${JSON.stringify(names[0])} is ${describe(value)}, wanted ${wanted}`, `write ${wanted}`);
  }
}

export function isNull(value: Value): boolean {
  return value.kind === "scalar" && value.value === null;
}
