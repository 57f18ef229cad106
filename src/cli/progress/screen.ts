import { columnsOf, movesCursor } from "./columns.ts";

/** A cell holds a character with a few that combine with it; hostile output has more. */
const longestCell = 16;

/**
 * The last lines of a terminal of fixed width, enough of one to show a step's output: carriage return, backspace, tabs,
 * wrapping, cursor moves and erasing are followed, colours and everything else are dropped.
 */
export class Screen {
  #rows: string[][] = [[]];
  #row = 0;
  #column = 0;
  #width: number;
  readonly #height: number;
  readonly #decoder = new TextDecoder("utf-8");
  /** An escape sequence whose end has not come yet. */
  #pending = "";

  constructor(height: number, width: number) {
    this.#height = Math.max(1, height);
    this.#width = Math.max(1, width);
  }

  /** Lines with something on them, at most the height. */
  get lines(): string[] {
    return this.#rows
      .map((row) =>
        Array.from(row, (cell) => cell ?? " ")
          .join("")
          .trimEnd(),
      )
      .filter((line) => line !== "");
  }

  set width(width: number) {
    this.#width = Math.max(1, width);
  }

  write(data: Uint8Array): void {
    const text = this.#pending + this.#decoder.decode(data, { stream: true });
    this.#pending = "";
    let at = 0;
    while (at < text.length) {
      if (text[at] === "\u001b") {
        const length = this.#escape(text.slice(at, at + 64));
        if (length === 0) {
          this.#pending = text.slice(at);
          return;
        }
        at += length;
      } else {
        const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
        this.#put(character);
        at += character.length;
      }
    }
  }

  /** Follows one escape sequence and returns its length; 0: it is not complete. */
  #escape(text: string): number {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
    const control = /^\u001b\[([0-9;?]*)([ -/]*[@-~])?/.exec(text);
    if (control === null) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: likewise
      const title = /^\u001b\](?:[^\u0007\u001b]*)(\u0007|\u001b\\)?/.exec(text);
      if (title !== null) return title[1] === undefined && text.length < 64 ? 0 : title[0].length;
      return text.length < 2 ? 0 : 2;
    }
    if (control[2] === undefined) return text.length < 64 ? 0 : control[0].length;
    this.#control(control[2], Number.parseInt(control[1] ?? "", 10));
    return control[0].length;
  }

  #control(command: string, argument: number): void {
    const count = Number.isNaN(argument) ? 1 : Math.min(Math.max(argument, 1), 1000);
    const rest = Number.isNaN(argument) ? 0 : argument;
    if (command === "A") this.#row = Math.max(0, this.#row - count);
    else if (command === "B") this.#row = Math.min(this.#rows.length - 1, this.#row + count);
    else if (command === "C") this.#column = Math.min(this.#width - 1, this.#column + count);
    else if (command === "D") this.#column = Math.max(0, this.#column - count);
    else if (command === "G") this.#column = Math.min(this.#width, count) - 1;
    else if (command === "K") this.#eraseLine(rest);
    else if (command === "J" && rest >= 2) this.#clear();
  }

  #eraseLine(how: number): void {
    const row = this.#rows[this.#row] ?? [];
    if (how === 0) row.length = Math.min(row.length, this.#column);
    else if (how === 1) row.fill(" ", 0, this.#column + 1);
    else row.length = 0;
  }

  #clear(): void {
    this.#rows = [[]];
    this.#row = 0;
    this.#column = 0;
  }

  #put(character: string): void {
    if (character === "\n") this.#newLine();
    else if (character === "\r") this.#column = 0;
    else if (character === "\b") this.#column = Math.max(0, this.#column - 1);
    else if (character === "\t") this.#column = Math.min(this.#width - 1, (Math.floor(this.#column / 8) + 1) * 8);
    else if (!movesCursor(character)) this.#show(character);
  }

  /** A wide character fills its second cell with nothing; one that combines joins the cell before. */
  #show(character: string): void {
    const columns = columnsOf(character);
    if (columns > 0 && this.#column + columns > this.#width) this.#newLine();
    const row = this.#rows[this.#row] ?? [];
    while (row.length < this.#column) row.push(" ");
    if (columns === 0) {
      const last = this.#column - 1;
      if (last >= 0 && (row[last] ?? "").length < longestCell) row[last] += character;
      return;
    }
    row[this.#column++] = character;
    if (columns === 2) row[this.#column++] = "";
  }

  #newLine(): void {
    this.#column = 0;
    this.#row++;
    if (this.#row < this.#rows.length) return;
    this.#rows.push([]);
    if (this.#rows.length > this.#height) this.#rows.shift();
    this.#row = this.#rows.length - 1;
  }
}
