import type { Heredoc } from "./node.ts";

/** A whole word such as `<<EOF`, `<<-"EOF"` or `3<<EOF`, or undefined when it is none. */
export function parseHeredocWord(word: string): Heredoc | undefined {
  throw new Error(`not yet: ${word}`);
}

/** The body of a `<<-` heredoc without leading tabs. */
export function chompHeredoc(body: string): string {
  return body.replace(/^\t+/gm, "");
}
