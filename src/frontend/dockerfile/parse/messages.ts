import { CooperError, editDistance, suggest } from "../../../kit/index.ts";
import { blame } from "./errors.ts";

/** An error about what an instruction says, and the text that it blames; the place is added by who knows the line. */
export function invalid(sentence: string, ...blamed: readonly string[]): CooperError {
  return new CooperError("dockerfile/invalid", sentence, blamed.length > 0 ? blame(...blamed) : {});
}

/** Options that are looked at; a file with more names than that gets fewer suggestions, not a longer wait. */
export const maxOptions = 500;

/**
 * The option within two edits of `word`, the nearest one, the first of equals; undefined when `word` is itself an
 * option. Without `caseSensitive` the answer takes the case of `word`, as upstream prints it.
 */
export function nearest(word: string, options: Iterable<string>, caseSensitive: boolean): string | undefined {
  const wanted = caseSensitive ? word : word.toLowerCase();
  let found: string | undefined;
  let limit = 2;
  let seen = 0;
  for (const option of options) {
    if (++seen > maxOptions) break;
    const candidate = caseSensitive ? option : option.toLowerCase();
    if (candidate === wanted) return undefined;
    const distance = editDistance(wanted, candidate, limit);
    if (distance > limit) continue;
    found = candidate;
    limit = distance - 1;
  }
  return found !== undefined && word !== word.toLowerCase() && word === word.toUpperCase() && !caseSensitive
    ? found.toUpperCase()
    : found;
}

/** `sentence (did you mean …?)` when some option is near `word`. */
export function withSuggestion(
  sentence: string,
  word: string,
  options: Iterable<string>,
  caseSensitive: boolean,
): string {
  const match = nearest(word, options, caseSensitive);
  return match === undefined ? sentence : `${sentence} (did you mean ${match}?)`;
}

/** A hint for a value that is none of the few there are: the one it is near to, else all of them. */
export function choice(word: string, options: readonly string[]): { readonly hint: string } {
  const near = suggest(word, options);
  return { hint: near === undefined ? `it is one of ${options.join(", ")}` : `did you mean ${near}?` };
}

export const atLeastOne = (command: string) => invalid(`${command} requires at least one argument`);
export const exactlyOne = (command: string) => invalid(`${command} requires exactly one argument`);
export const blankName = (command: string, word: string) => invalid(`${command} names can not be blank`, word);
