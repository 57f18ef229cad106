import { type BigIntStats, realpathSync } from "node:fs";
import { type FilterState, followLinks, kernelFiles, PathFilter, type TreeFiles } from "../../archive/index.ts";
import { lstatIfThere, lstatSync, readdirSync } from "../../kit/index.ts";
import type { HashableTree, SeenFolder } from "../../storage/index.ts";
import { pathError } from "./path-error.ts";

/** What the filter says of a path. */
export interface Verdict {
  /** It is in the tree by itself. A directory that is not may still hold what is. */
  readonly picked: boolean;
  /** Neither it nor anything below it is in the tree. */
  readonly empty: boolean;
  /** Of a directory: for what it holds. */
  readonly state: FilterState | undefined;
}

/**
 * A tree that is copied from: a mounted one, or a caller's folder read in place, of which only what its filter picks exists and
 * all belongs to 0:0. The filter is that of archive's `walkTree`; here any path can be asked for.
 */
export class SourceTree {
  readonly root: string;
  readonly files: TreeFiles;
  /** Files of a caller's folder lose their owners. */
  readonly ownedByRoot: boolean;
  readonly #filter: PathFilter | undefined;
  /** Of a caller's folder: what was seen of it a moment ago. */
  readonly seen: SeenFolder | undefined;

  private constructor(
    root: string,
    files: TreeFiles,
    ownedByRoot: boolean,
    filter: PathFilter | undefined,
    seen: SeenFolder | undefined,
  ) {
    this.root = root;
    this.files = files;
    this.ownedByRoot = ownedByRoot;
    this.#filter = filter;
    this.seen = seen;
  }

  static mounted({ path, files }: { readonly path: string; readonly files: TreeFiles }): SourceTree {
    return new SourceTree(path, files, false, undefined, undefined);
  }

  static folder(folder: HashableTree & { readonly kind: "folder" }, seen?: SeenFolder): SourceTree {
    const root = realpathSync(folder.path);
    const followed = folder.follow.length === 0 ? [] : followLinks(root, folder.follow);
    const include = followed === undefined ? [] : [...folder.include, ...followed];
    return new SourceTree(root, kernelFiles, true, PathFilter.of(include, folder.exclude), seen);
  }

  get filtered(): boolean {
    return this.#filter !== undefined;
  }

  /** What the filter says of one more part below a directory with the state `parent`. `path` is relative to the root. */
  below(path: string, parent: FilterState | undefined, isDirectory: boolean): Verdict {
    const state = isDirectory ? this.#filter?.newState() : undefined;
    const verdict = this.#filter?.judge(path, parent, state) ?? "in";
    return { picked: verdict === "in", empty: verdict === "out", state };
  }

  /** The verdict on a real path (no links in its parents) below the root; of the root itself it is always yes. */
  verdict(path: string): Verdict {
    let verdict: Verdict = { picked: true, empty: false, state: undefined };
    if (!this.filtered || path === "") return verdict;
    const parts = path.split("/");
    for (let length = 1; length <= parts.length; length++) {
      const front = parts.slice(0, length).join("/");
      const isDirectory = length < parts.length || (lstatIfThere(`${this.root}/${front}`)?.isDirectory() ?? false);
      verdict = this.below(front, verdict.state, isDirectory);
    }
    return verdict;
  }

  /** True when the path exists in the tree as it is seen: by itself, or as a directory above something that does. */
  exists(path: string): boolean {
    const stats = lstatIfThere(`${this.root}/${path}`);
    if (stats === undefined) return false;
    const verdict = this.verdict(path);
    return verdict.picked || (!verdict.empty && stats.isDirectory() && this.#holdsAnything(path, verdict.state));
  }

  #holdsAnything(path: string, state: FilterState | undefined): boolean {
    for (const name of readdirSync(`${this.root}/${path}`)) {
      const child = path === "" ? name : `${path}/${name}`;
      const isDirectory = lstatSync(`${this.root}/${child}`).isDirectory();
      const verdict = this.below(child, state, isDirectory);
      if (verdict.picked || (!verdict.empty && isDirectory && this.#holdsAnything(child, verdict.state))) return true;
    }
    return false;
  }

  /** A host path inside the tree, relative to its root. */
  relative(path: string): string {
    return path.slice(this.root.length).replace(/^\//, "");
  }

  stat(path: string): BigIntStats {
    const stat = this.files.lstat(path);
    if (stat === undefined) throw pathError("lstat", path.slice(this.root.length), "ENOENT");
    return stat;
  }
}
