import { type BigIntStats, lstatSync, readdirSync, realpathSync } from "node:fs";
import { followLinks } from "../../archive/index.ts";
import { lstatIfThere, type MatchState, PatternMatcher } from "../../kit/index.ts";
import type { HashableTree } from "../../storage/index.ts";

/** What the filter says of a directory, for what it holds. */
export interface FilterState {
  readonly include: MatchState | undefined;
  readonly exclude: MatchState | undefined;
}
export interface Verdict extends FilterState {
  /** It is in the tree by itself. A directory that is not may still hold what is. */
  readonly picked: boolean;
}

/**
 * A tree that is copied from: a mounted one, or a caller's folder read in place, of which only what its filter picks exists and
 * all belongs to 0:0. Semantics of the filter are those of archive's `walkTree`; here any path can be asked for.
 */
export class SourceTree {
  readonly root: string;
  /** Files of a caller's folder lose their owners. */
  readonly ownedByRoot: boolean;
  readonly #include: PatternMatcher | undefined;
  readonly #exclude: PatternMatcher | undefined;

  private constructor(root: string, ownedByRoot: boolean, include: readonly string[], exclude: readonly string[]) {
    this.root = root;
    this.ownedByRoot = ownedByRoot;
    this.#include = include.length === 0 ? undefined : new PatternMatcher(include);
    this.#exclude = exclude.length === 0 ? undefined : new PatternMatcher(exclude);
  }

  static mounted(path: string): SourceTree {
    return new SourceTree(path, false, [], []);
  }

  static folder(folder: HashableTree & { readonly kind: "folder" }): SourceTree {
    const root = realpathSync(folder.path);
    const followed = folder.follow.length === 0 ? [] : followLinks(root, folder.follow);
    const include = followed === undefined ? [] : [...folder.include, ...followed];
    return new SourceTree(root, true, include, folder.exclude);
  }

  get filtered(): boolean {
    return this.#include !== undefined || this.#exclude !== undefined;
  }

  /** What the filter says of one more part below a directory with the state `parent`. `path` is relative to the root. */
  below(path: string, parent: FilterState | undefined, isDirectory: boolean): Verdict {
    const include = isDirectory ? this.#include?.newState() : undefined;
    const exclude = isDirectory ? this.#exclude?.newState() : undefined;
    const included = this.#include?.matchBelow(path, parent?.include, include) ?? true;
    const excluded = this.#exclude?.matchBelow(path, parent?.exclude, exclude) ?? false;
    return { picked: included && !excluded, include, exclude };
  }

  /** The verdict on a real path (no links in its parents) below the root; of the root itself it is always yes. */
  verdict(path: string): Verdict {
    let state: Verdict = { picked: true, include: undefined, exclude: undefined };
    if (!this.filtered || path === "") return state;
    const parts = path.split("/");
    for (let length = 1; length <= parts.length; length++) {
      const front = parts.slice(0, length).join("/");
      const isDirectory = length < parts.length || (lstatIfThere(`${this.root}/${front}`)?.isDirectory() ?? false);
      state = this.below(front, length === 1 ? undefined : state, isDirectory);
    }
    return state;
  }

  /** True when the path exists in the tree as it is seen: by itself, or as a directory above something that does. */
  exists(path: string): boolean {
    const stats = lstatIfThere(`${this.root}/${path}`);
    if (stats === undefined) return false;
    const verdict = this.verdict(path);
    return verdict.picked || (stats.isDirectory() && this.#holdsAnything(path, verdict));
  }

  #holdsAnything(path: string, state: FilterState): boolean {
    for (const name of readdirSync(`${this.root}/${path}`)) {
      const child = path === "" ? name : `${path}/${name}`;
      const isDirectory = lstatSync(`${this.root}/${child}`).isDirectory();
      const verdict = this.below(child, state, isDirectory);
      if (verdict.picked || (isDirectory && this.#holdsAnything(child, verdict))) return true;
    }
    return false;
  }

  /** A host path inside the tree, relative to its root. */
  relative(path: string): string {
    return path.slice(this.root.length).replace(/^\//, "");
  }

  stat(path: string): BigIntStats {
    return lstatSync(path, { bigint: true });
  }
}
