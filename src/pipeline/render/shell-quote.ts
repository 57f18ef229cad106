const escaped = new Set("\\'\"`${[|&;<>()*?!");

/** Words as one line of a POSIX shell: backslashes for a few special characters, single quotes around a word with white space. */
export function shellJoin(words: readonly string[]): string {
  return words.map(shellQuote).join(" ");
}

function shellQuote(word: string): string {
  if (word === "") return "''";
  if (/[ \t\n]/.test(word)) return inSingleQuotes(word);
  return [...word].map((c, at) => (escaped.has(c) || (at === 0 && c === "~") ? `\\${c}` : c)).join("");
}

/** A single quote cannot stand inside single quotes: they are left for it. */
function inSingleQuotes(word: string): string {
  return word
    .split("'")
    .map((part) => (part === "" ? "" : `'${part}'`))
    .join("\\'");
}
