import { CooperError, cleanPath, lstatSync, pathInside, rmSync } from "../../kit/index.ts";
import { kernelFiles, type TreeFiles } from "../tree/tree-files.ts";

/**
 * Turns names from an archive into paths of a folder that cannot leave it: `..` stops at the folder, links of parents are
 * followed inside it, absolute ones too. Remembers folders that it has checked, so it must be told (`forget`) when one is
 * removed. Nobody else may change the folder meanwhile.
 */
export class SafeFolder {
  readonly root: string;
  readonly #files: TreeFiles;
  readonly #onNewFolder: (path: string) => void;
  readonly #known = new Map<string, string>();

  /** `onNewFolder` is called for each parent that had to be made because the archive does not name it. */
  constructor(root: string, files: TreeFiles = kernelFiles, onNewFolder: (path: string) => void = () => {}) {
    this.root = root;
    this.#files = files;
    this.#onNewFolder = onNewFolder;
    this.#known.set("", root);
  }

  /** The path that an entry's name stands for, its parents made where missing; undefined for the root itself. */
  place(name: string): { readonly path: string; readonly parent: string; readonly base: string } | undefined {
    const clean = cleanName(name);
    if (clean === "") return undefined;
    const slash = clean.lastIndexOf("/");
    const base = clean.slice(slash + 1);
    const parent = this.#folder(slash < 0 ? "" : clean.slice(0, slash));
    return { path: `${parent}/${base}`, parent, base };
  }

  /** The path of an existing entry that a hard link names; a link in the last part is not followed. */
  existing(name: string): string {
    const clean = cleanName(name);
    const slash = clean.lastIndexOf("/");
    const known = slash < 0 ? this.root : this.#known.get(clean.slice(0, slash));
    return known === undefined
      ? pathInside(this.root, clean, { followLast: false })
      : `${known}/${clean.slice(slash + 1)}`;
  }

  /** Removes whatever is at a path that `place` gave. */
  remove(path: string): void {
    rmSync(path, { recursive: true, force: true });
    this.forget();
  }

  /** Forgets what it knows of folders: one may have been replaced. */
  forget(): void {
    this.#known.clear();
    this.#known.set("", this.root);
  }

  #folder(name: string): string {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const path = pathInside(this.root, name);
    this.#make(path);
    this.#known.set(name, path);
    return path;
  }

  #make(path: string): void {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) return;
    if (found !== undefined) {
      throw new CooperError("archive/bad-layer", `cannot unpack into ${JSON.stringify(path)}: not a directory`);
    }
    this.#make(path.slice(0, path.lastIndexOf("/")));
    this.#files.mkdir(path, 0o755);
    // Past the umask, and without a set-group-id bit that its parent hands on.
    this.#files.chmod(path, 0o755);
    this.#onNewFolder(path);
  }
}

/** The name inside a root, without leading slash; empty for the root. */
function cleanName(name: string): string {
  return cleanPath(`/${name}`).slice(1);
}
