import type { Location } from "../parse/instruction.ts";

/** One build check. Rules are data: see rules.ts. */
export interface LintRule<Args extends readonly string[] = readonly string[]> {
  readonly name: string;
  readonly description: string;
  /** "" where upstream has none. */
  readonly url: string;
  readonly experimental?: boolean;
  /** The sentence for one finding. */
  readonly format: (...args: Args) => string;
}

/** What `# check=…` and `build-arg:BUILDKIT_DOCKERFILE_CHECK` say. */
export interface LintConfig {
  readonly skipAll: boolean;
  readonly skipRules: readonly string[];
  readonly experimentalAll: boolean;
  readonly experimentalRules: readonly string[];
  readonly returnAsError: boolean;
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
  /** Upstream's "lint violation found for rules: …", when `error=true` and something was found. */
  error(): Error | undefined;
}
