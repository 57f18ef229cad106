import { treeSize } from "../files/tree-size.ts";

/** How long the size of a folder that is in use may be taken for what it is, in milliseconds: one collection looks many times. */
const goodFor = 10_000;

interface Measured {
  /** Of the folder's last use. */
  readonly used: number;
  readonly at: number;
  readonly inUse: boolean;
  readonly size: number;
}

/** Sizes of kept folders. Measuring one looks at all of its files, and a collection of garbage asks a dozen times. */
export class KeptSizes {
  readonly #known = new Map<string, Measured>();

  /**
   * The folder's bytes on disk. With `recent`, what was found before will do: of one that nobody used since, or uses at all, it is
   * exact; of one in use it is some seconds old at most.
   */
  async of(path: string, used: number, inUse: boolean, recent: boolean, signal: AbortSignal): Promise<number> {
    const known = this.#known.get(path);
    const fresh = known !== undefined && (!known.inUse || Date.now() - known.at < goodFor);
    if (recent && known !== undefined && fresh && known.used === used) return known.size;
    const at = Date.now();
    const size = await treeSize(path, signal);
    this.#known.set(path, { used, at, inUse, size });
    return size;
  }

  /** Forgets all folders but these. */
  keepOnly(paths: ReadonlySet<string>): void {
    for (const path of this.#known.keys()) if (!paths.has(path)) this.#known.delete(path);
  }
}
