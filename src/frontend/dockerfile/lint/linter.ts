import { CooperError } from "../../../kit/index.ts";
import { checkDirective } from "../parse/directives.ts";
import type { Location } from "../parse/instruction.ts";
import { type LintConfig, mergeLintConfigs, parseLintConfig } from "./config.ts";

/** One build check. Rules are data: see rules.ts. */
export interface LintRule<Args extends readonly string[] = readonly string[]> {
  readonly name: string;
  readonly description: string;
  /** "" where upstream has none. */
  readonly url: string;
  /** Off unless the configuration asks for it; `skip` does not reach it. */
  readonly experimental?: boolean;
  /** The sentence for one finding. */
  readonly format: (...args: Args) => string;
}

/** One finding, as it goes into a warning or the lint result. */
export interface LintFinding {
  readonly rule: string;
  readonly description: string;
  readonly url: string;
  readonly message: string;
  readonly location: Location;
}

/** Takes findings, drops what the configuration skips. One linter (with its derived ones) serves one conversion. */
export interface Linter {
  run<Args extends readonly string[]>(rule: LintRule<Args>, location: Location, ...args: Args): void;
  /** A linter that also honours `check=…` in the comments above an instruction; shares the list of called rules. */
  withComments(comments: readonly string[]): Linter;
  /** `dockerfile/lint`, upstream's "lint violation found for rules: …", when `error=true` and something was found. */
  error(): CooperError | undefined;
}

/** A linter that hands its findings to `warn`. */
export function createLinter(config: LintConfig, warn: (finding: LintFinding) => void): Linter {
  return new RuleLinter(config, warn, new Set());
}

/** Takes findings and tells nobody. */
export const silentLinter: Linter = {
  run: () => undefined,
  withComments: () => silentLinter,
  error: () => undefined,
};

class RuleLinter implements Linter {
  readonly #config: LintConfig;
  readonly #warn: (finding: LintFinding) => void;
  readonly #called: Set<string>;

  constructor(config: LintConfig, warn: (finding: LintFinding) => void, called: Set<string>) {
    this.#config = config;
    this.#warn = warn;
    this.#called = called;
  }

  run<Args extends readonly string[]>(rule: LintRule<Args>, location: Location, ...args: Args): void {
    if (!this.#wants(rule.name, rule.experimental === true)) return;
    this.#called.add(rule.name);
    const { name, description, url } = rule;
    this.#warn({ rule: name, description, url, message: rule.format(...args), location });
  }

  #wants(rule: string, experimental: boolean): boolean {
    const config = this.#config;
    if (experimental) return config.experimentalAll || config.experimentalRules.includes(rule);
    return !config.skipAll && !config.skipRules.includes(rule);
  }

  withComments(comments: readonly string[]): Linter {
    const check = comments.map(checkDirective).find((found) => found !== undefined);
    if (check === undefined) return this;
    let config: LintConfig;
    try {
      config = parseLintConfig(check);
    } catch {
      // As upstream: a comment that only looks like a check directive is a comment.
      return this;
    }
    return new RuleLinter(mergeLintConfigs(this.#config, config), this.#warn, this.#called);
  }

  error(): CooperError | undefined {
    if (!this.#config.returnAsError || this.#called.size === 0) return undefined;
    const rules = [...this.#called].sort().join(", ");
    return new CooperError("dockerfile/lint", `lint violation found for rules: ${rules}`);
  }
}
