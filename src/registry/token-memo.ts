import type { Token } from "./token.ts";

/** So many are remembered at most: callers come and go for as long as a daemon lives, each with tokens of its own. */
const mostTokens = 1000;
/** With so many a new one is the occasion to look for those that are over. */
const few = 50;

/** Tokens by what they are good for, until they are over. Those that are on their way count, failures are not remembered. */
export class TokenMemo {
  readonly #tokens = new Map<string, { readonly asked: Promise<Token>; expires: number }>();
  #sweepAt = few;

  /** How many are held. */
  get size(): number {
    return this.#tokens.size;
  }

  forget(key: string): void {
    this.#tokens.delete(key);
  }

  /** The token for `key`, of `fetch` when none is known. */
  async get(key: string, fetch: () => Promise<Token>): Promise<Token> {
    const known = this.#tokens.get(key);
    if (known !== undefined) {
      // A failure may be another caller's cancellation: it is not ours, ask anew.
      const token = await known.asked.catch(() => undefined);
      if (token !== undefined && token.expires > Date.now()) return token;
      if (this.#tokens.get(key) !== known) return await this.get(key, fetch);
      this.#tokens.delete(key);
    }
    return await this.#ask(key, fetch);
  }

  async #ask(key: string, fetch: () => Promise<Token>): Promise<Token> {
    this.#makeRoom();
    const entry = { asked: fetch(), expires: Number.POSITIVE_INFINITY };
    this.#tokens.set(key, entry);
    try {
      const token = await entry.asked;
      entry.expires = token.expires;
      return token;
    } catch (error) {
      if (this.#tokens.get(key) === entry) this.#tokens.delete(key);
      throw error;
    }
  }

  /** Looks at all only when they have doubled, so that it costs nothing to speak of. */
  #makeRoom(): void {
    if (this.#tokens.size < this.#sweepAt) return;
    const now = Date.now();
    for (const [key, { expires }] of this.#tokens) if (expires <= now) this.#tokens.delete(key);
    for (const key of this.#tokens.keys()) {
      if (this.#tokens.size < mostTokens) break;
      this.#tokens.delete(key);
    }
    this.#sweepAt = Math.min(Math.max(few, this.#tokens.size * 2), mostTokens);
  }
}
