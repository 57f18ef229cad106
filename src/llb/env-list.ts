/** How many changes are looked through one by one before they are put in a map of their own. */
const longChain = 64;

/**
 * An immutable list of variables. Setting one again moves it to the end, as upstream's order of `env` shows.
 * `set` and `delete` take constant time, so that thousands of ENV lines do not take quadratic time.
 */
export class EnvList {
  static readonly empty = new EnvList(new Map());
  /** Undefined when `#values` has everything. */
  #parent: EnvList | undefined;
  readonly #name: string = "";
  readonly #value: string | undefined;
  #values: ReadonlyMap<string, string> | undefined;

  /** From all its variables; or, inside, from a list and one change (undefined value: gone). */
  constructor(values: ReadonlyMap<string, string>);
  constructor(parent: EnvList, name: string, value: string | undefined);
  constructor(from: ReadonlyMap<string, string> | EnvList, name = "", value?: string) {
    if (from instanceof EnvList) this.#parent = from;
    else this.#values = from;
    this.#name = name;
    this.#value = value;
  }

  get(name: string): string | undefined {
    let list: EnvList = this;
    for (let steps = 0; list.#parent !== undefined && list.#values === undefined; steps++) {
      if (list.#name === name) return list.#value;
      if (steps === longChain) return this.#all().get(name);
      list = list.#parent;
    }
    return list.#values?.get(name);
  }

  keys(): string[] {
    return [...this.#all().keys()];
  }

  set(name: string, value: string): EnvList {
    return new EnvList(this, name, value);
  }

  delete(name: string): EnvList {
    return new EnvList(this, name, undefined);
  }

  /** `NAME=value`. */
  toArray(): string[] {
    return Array.from(this.#all(), ([name, value]) => `${name}=${value}`);
  }

  #all(): ReadonlyMap<string, string> {
    if (this.#values !== undefined) return this.#values;
    const changes: EnvList[] = [];
    let list: EnvList = this;
    while (list.#parent !== undefined && list.#values === undefined) {
      changes.push(list);
      list = list.#parent;
    }
    const values = new Map(list.#values);
    for (const change of changes.reverse()) {
      values.delete(change.#name);
      if (change.#value !== undefined) values.set(change.#name, change.#value);
    }
    this.#values = values;
    this.#parent = undefined;
    return values;
  }
}
