type Labels = Readonly<Record<string, string>>;

/** A number that only grows, per set of labels. */
export class Counter {
  readonly #name: string;
  readonly #help: string;
  readonly #values = new Map<string, number>();
  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  add(count: number, labels: Labels): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + count);
  }

  /** In Prometheus's text format. */
  text(): string {
    return (
      head(this.#name, "counter", this.#help) +
      [...this.#values].map(([labels, value]) => `${this.#name}${braced(labels)} ${value}\n`).join("")
    );
  }
}

/** How often something was at most so large, per set of labels. */
export class Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #values = new Map<string, { counts: number[]; sum: number; count: number }>();

  /** `bounds`: in rising order. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
  }

  observe(value: number, labels: Labels): void {
    const key = labelText(labels);
    const seen = this.#values.get(key) ?? { counts: this.#bounds.map(() => 0), sum: 0, count: 0 };
    this.#values.set(key, seen);
    seen.counts = seen.counts.map((count, index) => count + (value <= (this.#bounds[index] ?? 0) ? 1 : 0));
    seen.sum += value;
    seen.count++;
  }

  /** In Prometheus's text format. */
  text(): string {
    const lines: string[] = [];
    for (const [labels, { counts, sum, count }] of this.#values) {
      const bucket = (bound: string, value: number) => {
        const all = [labels, `le="${bound}"`].filter((text) => text !== "").join(",");
        lines.push(`${this.#name}_bucket{${all}} ${value}\n`);
      };
      for (const [index, bound] of this.#bounds.entries()) bucket(String(bound), counts[index] ?? 0);
      bucket("+Inf", count);
      lines.push(`${this.#name}_sum${braced(labels)} ${sum}\n`, `${this.#name}_count${braced(labels)} ${count}\n`);
    }
    return head(this.#name, "histogram", this.#help) + lines.join("");
  }
}

/** One that has no labels. */
export function plainMetric(name: string, type: "counter" | "gauge", help: string, value: number): string {
  return `${head(name, type, help)}${name} ${value}\n`;
}

const head = (name: string, type: string, help: string) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
const braced = (labels: string) => (labels === "" ? "" : `{${labels}}`);
const labelText = (labels: Labels) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(",");
