import { CooperError, goQuote, messageOf } from "../../../kit/index.ts";
import { Expander } from "./expander.ts";

/** The variables that a word may name. `keys` feeds suggestions. */
export interface Environment {
  get(name: string): string | undefined;
  keys(): Iterable<string>;
}

export interface ShellOptions {
  /** Default backslash. */
  readonly escapeToken?: string;
  /** Keep quotes in the result. */
  readonly rawQuotes?: boolean;
  /** Keep escape tokens in the result. */
  readonly rawEscapes?: boolean;
  /** Quotes are ordinary characters. */
  readonly skipProcessQuotes?: boolean;
  /** Leave references to unset variables as they stand. */
  readonly skipUnsetEnv?: boolean;
}

export interface ExpandedWord {
  readonly result: string;
  /** Split on white space after expansion, quotes respected. */
  readonly words: readonly string[];
  /** Names that were looked up and found. */
  readonly matched: ReadonlySet<string>;
  /** Names that were looked up and not found, even where a default made up for it. */
  readonly unmatched: ReadonlySet<string>;
}

/** `details` of the error that `expandWord` throws: the names that were looked up before it. */
export interface ExpansionDetails {
  readonly kind: "expansion";
  readonly matched: ReadonlySet<string>;
  readonly unmatched: ReadonlySet<string>;
  /** The construct that failed, and the word that it is in. */
  readonly blamed: readonly string[];
}

/**
 * Expands `$x`, `${x…}`, quotes and escapes in `word`, as BuildKit's Dockerfile frontend does.
 * Throws `dockerfile/expansion` with upstream's sentence (`failed to process "…": …`), without a place: the caller
 * adds one with `locate`. Time grows with the length of word and values, never worse than length times pattern length;
 * nesting and result size are bounded.
 */
export function expandWord(word: string, env: Environment, options: ShellOptions = {}): ExpandedWord {
  // Upstream reads characters: a byte that is none becomes U+FFFD.
  const expander = new Expander(word.toWellFormed(), env, options);
  try {
    const { result, words } = expander.all();
    return { result, words, matched: expander.matched, unmatched: expander.unmatched };
  } catch (error) {
    const { matched, unmatched } = expander;
    const details: ExpansionDetails = { kind: "expansion", matched, unmatched, blamed: [expander.failed(), word] };
    throw new CooperError("dockerfile/expansion", `failed to process ${goQuote(word)}: ${messageOf(error)}`, {
      details,
    });
  }
}

/** `KEY=value` lines as an environment; the last one of a name wins. */
export function environmentOf(lines: Iterable<string>): Environment {
  const map = new Map<string, string>();
  const keys: string[] = [];
  for (const line of lines) {
    const at = line.indexOf("=");
    const key = at < 0 ? line : line.slice(0, at);
    keys.push(key);
    map.set(key, at < 0 ? "" : line.slice(at + 1));
  }
  return { get: (name) => map.get(name), keys: () => keys };
}
