import type { PodProblem } from "../contract.ts";

type Path = readonly (string | number)[];

/** Reads a map of a PodSpec. What has the wrong shape is a problem, and counts as absent. */
export class PodFields {
  readonly path: Path;
  readonly problems: PodProblem[];
  readonly #map: Readonly<Record<string, unknown>>;
  constructor(value: unknown, path: Path, problems: PodProblem[]) {
    this.path = path;
    this.problems = problems;
    this.#map = isMap(value) ? value : {};
    if (value !== undefined && value !== null && !isMap(value)) this.error([], "wanted a map", "write it as a map");
  }

  has(name: string): boolean {
    return this.#map[name] !== undefined && this.#map[name] !== null;
  }

  raw(name: string): unknown {
    return this.#map[name] ?? undefined;
  }

  keys(): readonly string[] {
    return Object.keys(this.#map).filter((key) => this.has(key));
  }

  text(name: string): string | undefined {
    const value = this.raw(name);
    if (value === undefined || typeof value === "string") return value;
    this.error([name], "wanted text", "put it in quotes");
    return undefined;
  }

  boolean(name: string): boolean | undefined {
    const value = this.raw(name);
    if (value === undefined || typeof value === "boolean") return value;
    this.error([name], "wanted true or false", "write true or false, without quotes");
    return undefined;
  }

  whole(name: string): number | undefined {
    const value = this.raw(name);
    if (value === undefined || (typeof value === "number" && Number.isSafeInteger(value))) return value;
    this.error([name], "wanted a whole number", "write a number, without quotes");
    return undefined;
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    this.error([name], "wanted a list of texts", "put each item in quotes");
    return undefined;
  }

  map(name: string): PodFields {
    return new PodFields(this.raw(name), [...this.path, name], this.problems);
  }

  list(name: string): readonly PodFields[] {
    const value = this.raw(name);
    if (value === undefined) return [];
    if (Array.isArray(value))
      return value.map((item, index) => new PodFields(item, [...this.path, name, index], this.problems));
    this.error([name], "wanted a list", "start each item with a dash");
    return [];
  }

  error(at: Path, message: string, fix: string): void {
    this.#add("error", at, message, fix);
  }

  warn(at: Path, message: string, fix: string): void {
    this.#add("warning", at, message, fix);
  }

  #add(severity: PodProblem["severity"], at: Path, message: string, fix: string): void {
    const path = [...this.path, ...at];
    const name = path
      .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
      .join("")
      .slice(1);
    this.problems.push({ severity, path, message: `${name}: ${message}`, fix });
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
