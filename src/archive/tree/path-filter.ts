import { CooperError, type MatchState, messageOf, PatternMatcher } from "../../kit/index.ts";

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
  readonly #includeFronts: readonly string[] | undefined;
  readonly #exceptionFronts: readonly string[] | undefined;

  /** Undefined when there is nothing to filter. Throws `kit/bad-pattern`. */
  static of(include: readonly string[], exclude: readonly string[]): PathFilter | undefined {
    return include.length === 0 && exclude.length === 0 ? undefined : new PathFilter(include, exclude);
  }

  private constructor(include: readonly string[], exclude: readonly string[]) {
    this.#include = include.length === 0 ? undefined : matcher(include, "includepatterns");
    this.#exclude = exclude.length === 0 ? undefined : matcher(exclude, "excludepatterns");
    this.#includeFronts = plainFronts(this.#include, false);
    this.#exceptionFronts = plainFronts(this.#exclude, true);
  }

  /** A state to be filled by `judge` for a directory. */
  newState(): FilterState {
    return { include: this.#include?.newState(), exclude: this.#exclude?.newState() };
  }

  /** Judges a relative path. `parent` is the state of the directory above; `own` is filled when the path is a directory. */
  judge(path: string, parent: FilterState | undefined, own: FilterState | undefined): Verdict {
    let verdict: Verdict = "in";
    if (this.#include !== undefined && !this.#include.matchBelow(path, parent?.include, own?.include)) {
      if (own === undefined || !leadsTo(this.#includeFronts, path)) return "out";
      verdict = "maybe";
    }
    if (this.#exclude?.matchBelow(path, parent?.exclude, own?.exclude) === true) {
      if (own === undefined || !leadsTo(this.#exceptionFronts, path)) return "out";
      verdict = "maybe";
    }
    return verdict;
  }
}

function matcher(patterns: readonly string[], what: string): PatternMatcher {
  try {
    return new PatternMatcher(patterns);
  } catch (cause) {
    throw new CooperError("kit/bad-pattern", `invalid ${what}: [${patterns.join(" ")}]: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/**
 * Where the patterns that can pick something (the exceptions of an exclude list, the others of an include list) begin, when all
 * begin with plain text: directories that lead to none of it need no visit. Else undefined: they may match anywhere.
 */
function plainFronts(matcher: PatternMatcher | undefined, exceptions: boolean): readonly string[] | undefined {
  const counting = (matcher?.patterns ?? []).filter((pattern) => pattern.exclusion === exceptions);
  const fronts = counting.map(({ text }) => text.replace(/\/\*\*$/, "").replace(/\/\*$/, ""));
  return fronts.some((text) => /[*[\]?^\\]/.test(text)) ? undefined : fronts;
}

function leadsTo(fronts: readonly string[] | undefined, directory: string): boolean {
  return fronts === undefined || fronts.some((text) => `${text}/`.startsWith(`${directory}/`));
}
