import { Bell } from "../../kit/index.ts";

/** A queue with one reader: what is put in while nobody reads waits. */
export class Mailbox<T> {
  readonly #waiting: T[] = [];
  #closed = false;
  readonly #news = new Bell();

  put(item: T): void {
    this.#waiting.push(item);
    this.#news.ring();
  }

  /** Nothing more comes. */
  close(): void {
    this.#closed = true;
    this.#news.ring();
  }

  /** Everything in order, until it is closed. Throws the signal's reason. */
  async *all(signal: AbortSignal): AsyncGenerator<T, void> {
    for (;;) {
      while (this.#waiting.length > 0) yield this.#waiting.shift() as T;
      if (this.#closed) return;
      await this.#news.next(signal);
    }
  }
}
