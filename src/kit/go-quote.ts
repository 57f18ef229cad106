const escapes: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** Go's `%q`: a double-quoted literal, escapes only for what is not printable. */
export function goQuote(text: string): string {
  const escaped = text.replace(/[\p{C}\p{Z}"\\]/gu, (character) => {
    const known = escapes[character];
    if (known !== undefined) return known;
    if (character === " ") return character;
    const code = character.codePointAt(0) ?? 0;
    // A byte that is no UTF-8, see raw-text.ts.
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code & 0xff).toString(16)}`;
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
  });
  return `"${escaped}"`;
}
