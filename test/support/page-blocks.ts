/** A fenced block of a page. */
export interface PageBlock {
  readonly language: string;
  /** What follows the language in the opening line: who reads the page does not see it. */
  readonly words: readonly string[];
  readonly text: string;
  /** Line number of the first line of text. */
  readonly line: number;
}

/** The fenced blocks of a Markdown page, in order. */
export function blocksOf(page: string): PageBlock[] {
  const blocks: PageBlock[] = [];
  let open: { readonly words: readonly string[]; readonly line: number; readonly text: string[] } | undefined;
  for (const [index, line] of page.split("\n").entries()) {
    if (!line.startsWith("```")) {
      open?.text.push(line);
    } else if (open === undefined) {
      open = { words: line.slice(3).trim().split(/\s+/), line: index + 2, text: [] };
    } else {
      const [language = "", ...words] = open.words;
      blocks.push({ language, words, text: `${open.text.join("\n")}\n`, line: open.line });
      open = undefined;
    }
  }
  return blocks;
}

/** A session at a prompt: commands, each with the output that is shown for it. */
export function sessionOf(text: string): { readonly command: string; readonly output: string }[] {
  const [, ...parts] = text.split(/^\$ /m);
  return parts.map((part) => {
    const end = part.indexOf("\n");
    return { command: part.slice(0, end), output: part.slice(end + 1) };
  });
}

/** An output that is shown stands for all that have its lines; `…` is any text, on a line of its own any lines. */
export function outputPattern(output: string): RegExp {
  const escaped = output.split("…").map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join("[\\s\\S]*?")}$`);
}
