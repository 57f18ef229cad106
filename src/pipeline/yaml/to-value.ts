import {
  type Document,
  isAlias,
  isCollection,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { Place, Problems } from "../problems.ts";
import type { MapEntry, MapValue, ScalarValue, Value } from "./value.ts";

/** How many values a document may have once its aliases are resolved; a pipeline of 500 steps with large pods has 50,000. */
const maxValues = 300_000;
const maxDepth = 200;

type PlaceOf = (offset: number) => Place;

/** The document as a value, its aliases and merges resolved. Undefined for an empty one, or when it cannot be resolved (told to `problems`). */
export function toValue(document: Document, placeOf: PlaceOf, problems: Problems): Value | undefined {
  if (document.contents === null) return undefined;
  try {
    return new Conversion(placeOf, problems).convert(document.contents as Node, 0);
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    problems.error(error.place, "too-large", error.message, "use fewer aliases, or write the values out");
    return undefined;
  }
}

/** Ends a conversion that would go on for too long. */
class TooMuch extends Error {
  readonly place: Place;
  constructor(place: Place, message: string) {
    super(message);
    this.place = place;
  }
}

class Conversion {
  readonly #placeOf: PlaceOf;
  readonly #problems: Problems;
  readonly #anchors = new Map<string, Node>();
  /** Nodes that are being converted: an alias to one of them would never end. */
  readonly #open = new Set<Node>();
  #count = 0;
  constructor(placeOf: PlaceOf, problems: Problems) {
    this.#placeOf = placeOf;
    this.#problems = problems;
  }

  convert(node: Node | null, depth: number, around: Place = { line: 1, column: 1 }): Value {
    if (node === null) return { kind: "scalar", value: null, place: around };
    const place = this.#place(node, around);
    if (++this.#count > maxValues) throw new TooMuch(place, `the document has more than ${maxValues} values`);
    if (depth > maxDepth) throw new TooMuch(place, `the document nests deeper than ${maxDepth}`);
    if (isAlias(node)) return this.#alias(node.source, depth, place);
    if ("anchor" in node && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return scalar(node, place);
    if (!isCollection(node)) return { kind: "scalar", value: null, place };
    this.#open.add(node);
    try {
      if (isSeq(node)) {
        return { kind: "list", place, items: node.items.map((item) => this.convert(item as Node, depth + 1, place)) };
      }
      return this.#map(node as YAMLMap, depth, place);
    } finally {
      this.#open.delete(node);
    }
  }

  #alias(name: string, depth: number, place: Place): Value {
    const node = this.#anchors.get(name);
    if (node === undefined) {
      this.#problems.error(place, "yaml", `there is no anchor &${name} above`, "define the anchor before it is used");
      return { kind: "scalar", value: null, place };
    }
    if (!this.#open.has(node)) return this.convert(node, depth + 1, place);
    this.#problems.error(place, "yaml", `alias *${name} stands inside what it stands for`, "write the value out");
    return { kind: "scalar", value: null, place };
  }

  /** Keys of the map itself win over merged ones, earlier merges over later ones. */
  #map(node: YAMLMap, depth: number, place: Place): MapValue {
    const entries = new Map<string, MapEntry>();
    const merged: MapEntry[] = [];
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      if (isMergeKey(pair.key)) {
        merged.push(...this.#merge(pair.value, depth, place));
        continue;
      }
      const keyPlace = this.#place(pair.key, place);
      const key = this.convert(pair.key, depth + 1, keyPlace);
      if (key.kind !== "scalar") {
        this.#problems.error(keyPlace, "yaml", "a key is a list or a map", "write the key as text");
        continue;
      }
      const name = key.value === null ? (key.source ?? "") : String(key.value);
      entries.set(name, { key: name, keyPlace, value: this.convert(pair.value, depth + 1, keyPlace) });
    }
    for (const entry of merged) if (!entries.has(entry.key)) entries.set(entry.key, entry);
    return { kind: "map", place, entries: [...entries.values()] };
  }

  #merge(node: Node | null, depth: number, around: Place): readonly MapEntry[] {
    const value = this.convert(node, depth + 1, around);
    const maps = value.kind === "list" ? value.items : [value];
    return maps.flatMap((map) => {
      if (map.kind === "map") return map.entries;
      this.#problems.error(map.place, "yaml", "<< merges something that is no map", "merge an alias of a map");
      return [];
    });
  }

  #place(node: Node, around: Place): Place {
    const offset = node.range?.[0];
    return offset === undefined ? around : this.#placeOf(offset);
  }
}

function isMergeKey(key: unknown): boolean {
  if (!isScalar(key)) return false;
  return (key.value === "<<" || typeof key.value === "symbol") && (key.type === undefined || key.type === "PLAIN");
}

function scalar(node: Scalar, place: Place): ScalarValue {
  const { value, source } = node;
  const text = typeof source === "string" ? source : String(value);
  if (typeof value === "string" || typeof value === "boolean") return { kind: "scalar", value, place };
  if (value === null || value === undefined) return { kind: "scalar", value: null, source: text, place };
  if (typeof value === "number") {
    // A number that JavaScript cannot hold stays the text that it is.
    const safe = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    return safe ? { kind: "scalar", value, source: text, place } : { kind: "scalar", value: text, place };
  }
  return { kind: "scalar", value: text, place };
}
