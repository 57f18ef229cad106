/** An immutable list of variables. Setting one again moves it to the end, as upstream's order of `env` shows. */
export class EnvList {
  static readonly empty = new EnvList(new Map());
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  keys(): string[] {
    return [...this.#values.keys()];
  }

  set(name: string, value: string): EnvList {
    const values = new Map(this.#values);
    values.delete(name);
    return new EnvList(values.set(name, value));
  }

  delete(name: string): EnvList {
    const values = new Map(this.#values);
    values.delete(name);
    return new EnvList(values);
  }

  /** `NAME=value`. */
  toArray(): string[] {
    return Array.from(this.#values, ([name, value]) => `${name}=${value}`);
  }
}
