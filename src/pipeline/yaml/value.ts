import type { Place } from "../problems.ts";

/** A YAML value with its place. Aliases and merges are resolved: each value stands where it was written. */
export type Value = ScalarValue | ListValue | MapValue;

export interface ScalarValue {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /**
   * What stands in the file, before interpolation, when `value` is another text: `echo $HOME` for a string that was
   * interpolated, `1.10` for a number.
   */
  readonly source?: string;
  readonly place: Place;
}
export interface ListValue {
  readonly kind: "list";
  readonly items: readonly Value[];
  readonly place: Place;
}
export interface MapValue {
  readonly kind: "map";
  /** In the order of the file; keys are unique. */
  readonly entries: readonly MapEntry[];
  readonly place: Place;
}
export interface MapEntry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: Value;
}

/** The value of a key, or undefined. */
export function valueAt(map: MapValue, key: string): Value | undefined {
  return map.entries.find((entry) => entry.key === key)?.value;
}

/** Where `path` leads from a value: names of keys and indexes. Undefined when it leads nowhere. */
export function valueOn(value: Value, path: readonly (string | number)[]): Value | undefined {
  let at: Value | undefined = value;
  for (const step of path) {
    if (at?.kind === "map" && typeof step === "string") at = valueAt(at, step);
    else if (at?.kind === "list" && typeof step === "number") at = at.items[step];
    else return undefined;
  }
  return at;
}

/** The place nearest to where `path` leads: of the value itself, else of the last one on the way that is there. */
export function placeOn(value: Value, path: readonly (string | number)[]): Place {
  for (let length = path.length; length > 0; length--) {
    const found = valueOn(value, path.slice(0, length));
    if (found !== undefined) return found.place;
  }
  return value.place;
}

/** The value as JSON has it. Objects have no prototype, so that a key `__proto__` is one like others. */
export function toPlain(value: Value): unknown {
  switch (value.kind) {
    case "scalar":
      return value.value;
    case "list":
      return value.items.map(toPlain);
    case "map": {
      const plain: Record<string, unknown> = Object.create(null);
      for (const { key, value: item } of value.entries) plain[key] = toPlain(item);
      return plain;
    }
  }
}

/** A scalar as text, as Buildkite's agent makes strings of numbers and booleans; undefined for anything else, null too. */
export function textOf(value: Value | undefined): string | undefined {
  if (value?.kind !== "scalar" || value.value === null) return undefined;
  return String(value.value);
}

/** What a value is, for sentences. */
export function describe(value: Value): string {
  if (value.kind === "list") return "a list";
  if (value.kind === "map") return "a map";
  if (value.value === null) return "nothing";
  const text = JSON.stringify(value.value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
