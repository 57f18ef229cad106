/** Things by name, made when they are first asked for. Those that were asked for last stay, `most` of them. */
export class Recent<T> {
  readonly #most: number;
  readonly #make: (name: string) => T;
  readonly #known = new Map<string, T>();

  constructor(most: number, make: (name: string) => T) {
    this.#most = most;
    this.#make = make;
  }

  /** How many are held. */
  get size(): number {
    return this.#known.size;
  }

  get(name: string): T {
    const thing = this.#known.get(name) ?? this.#make(name);
    // Last in the map's order: asked for last.
    this.#known.delete(name);
    this.#known.set(name, thing);
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#most && oldest !== undefined) this.#known.delete(oldest);
    return thing;
  }
}
