import { CooperError } from "./error.ts";
import { compileDoubleStar, compileGlob, type Glob } from "./glob.ts";
import { cleanPath } from "./go-path.ts";
import { trim } from "./go-space.ts";

/** One line of an ignore file or of an include list. */
export interface Pattern {
  /** Cleaned, without its `!`. */
  readonly text: string;
  readonly exclusion: boolean;
}

/** Which patterns a directory (or one above it) matched: what a walk hands from a directory to its children. */
export type MatchState = Uint8Array;

/** With more directories than this above a path, patterns are not tried on each. */
const manyParents = 30;

/**
 * A list of patterns with the semantics of moby/patternmatcher: the last one that matches a path or any directory above
 * it decides, `!` turns a match off again, `**` spans directories. Compiled once, at construction.
 */
export class PatternMatcher {
  readonly patterns: readonly Pattern[];
  readonly hasExclusions: boolean;
  readonly #globs: readonly Glob[];

  /** Throws `kit/bad-pattern` with upstream's sentences. Empty lines are skipped. */
  constructor(patterns: readonly string[]) {
    const lines = patterns.map(trim).filter((line) => line !== "");
    // One after the other, so that the first bad line is the one reported.
    const compiled = lines.map((line) => {
      const pattern = parsePattern(line);
      return { pattern, glob: compilePattern(pattern.text) };
    });
    this.patterns = compiled.map(({ pattern }) => pattern);
    this.hasExclusions = this.patterns.some((pattern) => pattern.exclusion);
    this.#globs = compiled.map(({ glob }) => glob);
  }

  /** Whether the slash-separated relative path is matched, by itself or through a directory above it. */
  matches(path: string): boolean {
    const parents = parentsOf(path);
    const matchesPart = (glob: Glob) => {
      if (parents.length > manyParents && glob.matchesAnyPart !== undefined) return glob.matchesAnyPart(path);
      return glob.matches(path) || parents.some((parent) => glob.matches(parent));
    };
    let matched = false;
    for (const [index, pattern] of this.patterns.entries()) {
      if (pattern.exclusion === matched && matchesPart(this.#globs[index] as Glob)) matched = !pattern.exclusion;
    }
    return matched;
  }

  /**
   * `matches`, for a walk from the top down: `parent` is the state of the directory that holds `path` (undefined at the
   * top), `own` is filled for its children when `path` is a directory. Each pattern is tried on `path` alone. It differs from
   * `matches` where upstream does (MatchesUsingParentResults): see the tests.
   */
  matchBelow(path: string, parent: MatchState | undefined, own?: MatchState): boolean {
    let matched = false;
    for (let index = 0; index < this.patterns.length; index++) {
      const { exclusion } = this.patterns[index] as Pattern;
      const inherited = parent !== undefined && parent[index] === 1;
      if (!inherited && (exclusion !== matched || !(this.#globs[index] as Glob).matches(path))) continue;
      if (own !== undefined) own[index] = 1;
      matched = !exclusion;
    }
    return matched;
  }

  /** A fresh state for `matchBelow`. */
  newState(): MatchState {
    return new Uint8Array(this.patterns.length);
  }
}

function parsePattern(line: string): Pattern {
  const cleaned = cleanPath(line);
  const exclusion = cleaned.startsWith("!");
  if (cleaned === "!") throw new CooperError("kit/bad-pattern", 'illegal exclusion pattern: "!"');
  return { text: exclusion ? cleaned.slice(1) : cleaned, exclusion };
}

/**
 * Most patterns need no expression: plain text, `text**`, `**text`. These shortcuts are visible (`**foo` also matches
 * `xfoo`), so they are upstream's.
 */
function compilePattern(text: string): Glob {
  compileGlob(text);
  const stars = /^\*\*\/?/.exec(text)?.[0];
  const rest = text.slice(stars?.length ?? 0);
  const plain = (part: string) => !/[*?\\[\]]/.test(part);
  if (stars !== undefined && plain(rest)) return endsWith(text.slice(2));
  if (stars === undefined && plain(text)) return { matches: (path) => path === text };
  if (stars === undefined && text.endsWith("**") && plain(text.slice(0, -2))) {
    const prefix = text.slice(0, -2);
    return { matches: (path) => path.startsWith(prefix) };
  }
  return byCharacters(compileDoubleStar(text));
}

/** A byte that is no UTF-8 (raw-text.ts) is U+FFFD to Go's regular expressions, in which plain text is none. */
function byCharacters({ matches, matchesAnyPart }: Glob): Glob {
  return {
    matches: (path) => matches(path.toWellFormed()),
    ...(matchesAnyPart && { matchesAnyPart: (path: string) => matchesAnyPart(path.toWellFormed()) }),
  };
}

/** `suffix` is what follows the two stars: `**` + `/foo` also matches `foo` itself. */
function endsWith(suffix: string): Glob {
  const whole = suffix.startsWith("/") ? suffix.slice(1) : undefined;
  return { matches: (path) => path.endsWith(suffix) || path === whole };
}

/** Above an absolute path there is also "", and `/` when nothing is between, as upstream cuts it. */
function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) parents.push(path.slice(0, at));
  return path.lastIndexOf("/") === 0 ? [...parents, "/"] : parents;
}
