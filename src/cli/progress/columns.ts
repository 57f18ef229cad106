/**
 * How many columns of a terminal a character takes: 2 for East Asian wide ones and emoji, 0 for what combines with the one before
 * or is not shown at all, else 1 (Unicode Standard Annex 11, as terminals practise it).
 */
export function columnsOf(character: string): 0 | 1 | 2 {
  if (character < "\u0300") return 1;
  if (/^[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}])/u;

/** As much of the text as fits into that many columns. What would move the cursor becomes a blank. */
export function cutColumns(text: string, width: number): string {
  return measured(text, width).text;
}

/** The text in exactly that many columns, cut or padded with blanks. What would move the cursor becomes a blank. */
export function fitColumns(text: string, width: number): string {
  const cut = measured(text, width);
  return cut.text + " ".repeat(Math.max(0, width - cut.columns));
}

function measured(text: string, width: number): { readonly text: string; readonly columns: number } {
  let cut = "";
  let columns = 0;
  for (const character of text) {
    const more = columnsOf(character);
    if (columns + more > width) break;
    cut += movesCursor(character) ? " " : character;
    columns += more;
  }
  return { text: cut, columns };
}

/** Control characters, those of ISO 6429's second set too, which many terminals obey. */
export function movesCursor(character: string): boolean {
  return character < " " || (character >= "\u007f" && character < "\u00a0");
}
