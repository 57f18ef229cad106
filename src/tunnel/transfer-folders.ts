import { createHash } from "node:crypto";

/** Folders that stay for the next transfer of the same directory. The engine keeps them in its storage. */
export interface KeptFolders {
  /** A folder for good, by a name that is safe in a path. */
  folder(key: string, description: string): Promise<string>;
}

/** Lends each kept folder to one session at a time: a second one that wants the same gets the next of that name. */
export class TransferFolders {
  readonly #kept: KeptFolders;
  readonly #lent = new Set<string>();

  constructor(kept: KeptFolders) {
    this.#kept = kept;
  }

  /** A folder with what the last transfer for `purpose` left, of a directory called `name`. Release it when nobody reads it any more. */
  async borrow(purpose: string, name: string): Promise<{ readonly path: string; readonly release: () => void }> {
    const hash = createHash("sha256").update(purpose).digest("hex").slice(0, 32);
    let number = 0;
    while (this.#lent.has(`${hash}-${number}`)) number++;
    const key = `${hash}-${number}`;
    this.#lent.add(key);
    try {
      return { path: await this.#kept.folder(key, `local source for ${name}`), release: () => this.#lent.delete(key) };
    } catch (error) {
      this.#lent.delete(key);
      throw error;
    }
  }
}
