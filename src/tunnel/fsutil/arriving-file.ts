import { closeSync, writeSync, writev, writevSync } from "node:fs";
import { openSync } from "../../kit/index.ts";

/** Pieces are gathered up to this many bytes: the kernel takes one large write in a third of the time of many small ones. */
const gatherSize = 1024 * 1024;

/**
 * A file whose bytes come in pieces, in order. A small one is written at once when it ends; the pieces of a large one are
 * written by another thread while the next ones come in, one write at a time. Throws what the file system says.
 */
export class ArrivingFile {
  readonly #path: string;
  readonly #mode: number;
  #file: number | undefined;
  #parts: Uint8Array[] = [];
  #gathered = 0;
  #waiting = 0;
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** Nothing is created before the first piece or the end. The path must not exist then. */
  constructor(path: string, mode: number) {
    this.#path = path;
    this.#mode = mode;
  }

  /** Bytes that were given and are not written yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes a piece, which must stay as it is until it is written. */
  add(piece: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#parts.push(piece);
    this.#gathered += piece.byteLength;
    this.#waiting += piece.byteLength;
    if (this.#gathered >= gatherSize && this.#writing === undefined) this.#writing = this.#writeGathered();
  }

  /** Settles when what is being written now is written. */
  async written(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /**
   * Writes the rest, lets `dress` have the descriptor, closes. A promise only when a write is under way.
   */
  end(dress: (file: number) => void): Promise<void> | undefined {
    if (this.#writing !== undefined) return this.#endLater(dress);
    this.#endNow(dress);
    return undefined;
  }

  /** Gives up. */
  async abandon(): Promise<void> {
    this.#parts = [];
    this.#gathered = 0;
    await this.#writing;
    this.#close();
  }

  async #endLater(dress: (file: number) => void): Promise<void> {
    await this.written();
    this.#endNow(dress);
  }

  #endNow(dress: (file: number) => void): void {
    try {
      if (this.#failure !== undefined) throw this.#failure.error;
      const file = this.#open();
      const parts = this.#take();
      for (let rest = parts; rest.length > 0; ) rest = without(rest, writeSome(file, rest));
      dress(file);
    } finally {
      this.#close();
    }
  }

  async #writeGathered(): Promise<void> {
    try {
      while (this.#gathered >= gatherSize) {
        const file = this.#open();
        const parts = this.#take();
        for (let rest = parts; rest.length > 0; ) rest = without(rest, await writeOnce(file, rest));
        this.#waiting -= parts.reduce((sum, part) => sum + part.byteLength, 0);
      }
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#writing = undefined;
    }
  }

  #take(): readonly Uint8Array[] {
    const parts = this.#parts;
    this.#parts = [];
    this.#gathered = 0;
    return parts;
  }

  #open(): number {
    this.#file ??= openSync(this.#path, "wx", this.#mode);
    return this.#file;
  }

  #close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** More buffers than this the kernel refuses in one call. */
const maxBuffers = 1024;

/** A single part, which is all of most files, costs less than a list of them. */
function writeSome(file: number, parts: readonly Uint8Array[]): number {
  const [first] = parts;
  return parts.length === 1 && first !== undefined
    ? writeSync(file, first)
    : writevSync(file, parts.slice(0, maxBuffers));
}

function writeOnce(file: number, parts: readonly Uint8Array[]): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(file, parts.slice(0, maxBuffers), (error, written) => (error === null ? resolve(written) : reject(error)));
  });
}

/** The parts from that byte on. */
function without(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  for (const [index, part] of parts.entries()) {
    if (left < part.byteLength) return [part.subarray(left), ...parts.slice(index + 1)];
    left -= part.byteLength;
  }
  return [];
}
