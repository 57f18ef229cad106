import { isSpace } from "../../../kit/index.ts";

/** The characters of the word that is being built. */
export interface WordBuffer {
  text: string;
}

/**
 * Collects words. The buffer is shared between a word and the words nested in its `${…}`, which empties it: in
 * `a${x:-b}` the `a` is lost to the list of words (not to the expanded string). That is upstream's behaviour, seen in EXPOSE.
 */
export class WordSplitter {
  readonly #buffer: WordBuffer;
  readonly #words: string[] = [];
  #inWord = false;

  constructor(buffer: WordBuffer) {
    this.#buffer = buffer;
    buffer.text = "";
  }

  /** Text whose white space separates words. */
  addSplit(text: string): void {
    let start = 0;
    for (let at = 0; at < text.length; at++) {
      if (!isSpace(text.charAt(at))) continue;
      if (at > start) this.addRaw(text.slice(start, at));
      if (this.#inWord && this.#buffer.text !== "") this.#flush();
      start = at + 1;
    }
    if (start < text.length) this.addRaw(text.slice(start));
  }

  /** Text that belongs to the word whatever it is. */
  addRaw(text: string): void {
    this.#buffer.text += text;
    this.#inWord = true;
  }

  finish(): string[] {
    if (this.#buffer.text !== "") this.#flush();
    return this.#words;
  }

  #flush(): void {
    this.#words.push(this.#buffer.text);
    this.#buffer.text = "";
    this.#inWord = false;
  }
}
