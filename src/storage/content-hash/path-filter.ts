import { type MatchState, PatternMatcher } from "../../kit/index.ts";

/** What a directory's patterns matched; handed on to what it holds. */
export interface FilterState {
  readonly include: MatchState | undefined;
  readonly exclude: MatchState | undefined;
}
/** `in`: picked. `maybe`: a directory that comes along when something below it is picked. `out`: nothing below it can be. */
export type Verdict = "in" | "maybe" | "out";

/**
 * Picks paths by two pattern lists, as fsutil's filter does: one that matches an include pattern (any, without such
 * patterns) and no exclude pattern, by itself or through a directory above it.
 */
export class PathFilter {
  readonly #include: PatternMatcher | undefined;
  readonly #exclude: PatternMatcher | undefined;
  /** The plain texts of the include patterns, when all are plain: then directories that lead to none need no visit. */
  readonly #plainIncludes: readonly string[] | undefined;

  /** Undefined when there is nothing to filter. */
  static of(include: readonly string[], exclude: readonly string[]): PathFilter | undefined {
    return include.length === 0 && exclude.length === 0 ? undefined : new PathFilter(include, exclude);
  }

  private constructor(include: readonly string[], exclude: readonly string[]) {
    this.#include = include.length === 0 ? undefined : new PatternMatcher(include);
    this.#exclude = exclude.length === 0 ? undefined : new PatternMatcher(exclude);
    const texts = (this.#include?.patterns ?? [])
      .filter((pattern) => !pattern.exclusion)
      .map(({ text }) => plain(text));
    this.#plainIncludes = texts.every((text) => !/[*[\]?^\\]/.test(text)) ? texts : undefined;
  }

  /** A state to be filled by `judge` for a directory. */
  newState(): FilterState {
    return { include: this.#include?.newState(), exclude: this.#exclude?.newState() };
  }

  /** Judges a relative path. `parent` is the state of the directory above; `own` is filled when the path is a directory. */
  judge(path: string, parent: FilterState | undefined, own: FilterState | undefined): Verdict {
    let verdict: Verdict = "in";
    if (this.#include !== undefined && !this.#include.matchBelow(path, parent?.include, own?.include)) {
      if (own === undefined || !this.#leadsToInclude(path)) return "out";
      verdict = "maybe";
    }
    if (this.#exclude?.matchBelow(path, parent?.exclude, own?.exclude) === true) {
      if (own === undefined || !this.#exclude.hasExclusions) return "out";
      verdict = "maybe";
    }
    return verdict;
  }

  #leadsToInclude(directory: string): boolean {
    return this.#plainIncludes?.some((text) => `${text}/`.startsWith(`${directory}/`)) ?? true;
  }
}

/** The pattern without a glob at its end that only says "and what is below". */
function plain(text: string): string {
  for (const end of ["/**", "/*"]) if (text.endsWith(end)) return text.slice(0, -end.length);
  return text;
}
