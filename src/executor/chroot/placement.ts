import { closeSync, constants, fstatSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  CooperError,
  forgetMoved,
  lstatIfThere,
  messageOf,
  mkdirSync,
  noteMoved,
  openSync,
  pathInside,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "../../kit/index.ts";
import { FolderTimes } from "./folder-times.ts";

/**
 * Puts things into a step's tree where mount(2) is not allowed, and takes them out again: what is in the way is moved aside, and comes
 * back. What the step did to the tree itself stays. All must be on one file system.
 */
export class Placement {
  readonly #root: string;
  readonly #folder: string;
  readonly #aside: string;
  readonly #undo: (() => void)[] = [];
  readonly #placed = new Map<string, string>();
  readonly #times = new FolderTimes();
  #count = 0;

  /** `aside`: the name of a folder of its own beside the tree, made when it is needed. */
  constructor(root: string, aside: string) {
    this.#root = root;
    this.#folder = dirname(root);
    this.#aside = join(this.#folder, aside);
  }

  /**
   * Moves a file, folder or socket into the tree, and in the end back to where it was, wherever the step has moved it. A folder that the
   * step has deleted is then made again, empty. A source that is in the tree already gets a link to it.
   */
  move(source: string, target: string): void {
    const path = this.#clear(target);
    const first = this.#placed.get(source);
    if (first !== undefined) {
      symlinkSync(first.slice(this.#root.length), path);
      this.#undo.push(() => this.#remove(path));
      return;
    }
    const handle = openHandle(source);
    try {
      noteMoved(this.#folder, source, path);
      renameSync(source, path);
    } catch (cause) {
      if (handle !== undefined) closeSync(handle);
      throw new CooperError("executor/start-failed", `cannot mount ${target}: ${messageOf(cause)}`, { cause });
    }
    this.#placed.set(source, path);
    this.#undo.push(() => moveBack(handle, this.#leadsHere(path) ? path : undefined, source));
  }

  /** Lets `make` make something at a path of the tree; it is removed in the end, whatever it is by then. */
  make(target: string, make: (path: string) => void): void {
    const path = this.#clear(target);
    this.#undo.push(() => this.#remove(path));
    make(path);
  }

  /** Where `move` has put it; undefined for what it did not. */
  placeOf(source: string): string | undefined {
    return this.#placed.get(source);
  }

  /** All is in place and the step may begin: from now on, changes are the step's. */
  settle(): void {
    this.#times.settle();
  }

  /** Takes everything out again, latest first. What cannot be undone does not keep the rest from it; the first failure is thrown in the end. */
  undo(): void {
    this.#times.ended();
    let failure: { readonly error: unknown } | undefined;
    for (const step of this.#undo.splice(0).reverse()) {
      try {
        step();
      } catch (error) {
        failure ??= { error };
      }
    }
    this.#times.restore();
    forgetMoved(this.#folder);
    rmSync(this.#aside, { recursive: true, force: true });
    if (failure !== undefined) throw failure.error;
  }

  /** False when the step has put a link on the way: on this machine, outside of the tree, it would lead elsewhere. */
  #leadsHere(path: string): boolean {
    return pathInside(this.#root, path.slice(this.#root.length), { followLast: false }) === path;
  }

  #remove(path: string): void {
    if (this.#leadsHere(path)) rmSync(path, { recursive: true, force: true });
  }

  /** Where `target` leads, its parents made, and nothing there. */
  #clear(target: string): string {
    const path = pathInside(this.#root, target);
    if (path === this.#root) throw new CooperError("executor/start-failed", "cannot mount over the root folder");
    const parent = dirname(path);
    for (let folder = parent; folder.length >= this.#root.length; folder = dirname(folder)) this.#times.watch(folder);
    mkdirSync(parent, { recursive: true });
    if (lstatIfThere(path) === undefined) return path;
    mkdirSync(this.#aside, { recursive: true, mode: 0o700 });
    const kept = join(this.#aside, String(this.#count++));
    renameSync(path, kept);
    this.#undo.push(() => {
      // The step may have removed the folder that it was in: then it is gone, too.
      if (lstatIfThere(parent) === undefined || !this.#leadsHere(path)) return;
      this.#remove(path);
      renameSync(kept, path);
    });
    return path;
  }
}

/** Follows a file or folder through renames. A socket cannot be opened, and is looked for where it was put. */
function openHandle(path: string): number | undefined {
  const stats = lstatIfThere(path);
  if (!stats?.isDirectory() && !stats?.isFile()) return undefined;
  return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
}

/** `placed` is where something was put that has no handle, if that place is still the same. */
function moveBack(handle: number | undefined, placed: string | undefined, home: string): void {
  if (handle === undefined) {
    if (placed !== undefined && lstatIfThere(placed) !== undefined) renameSync(placed, home);
    return;
  }
  try {
    const now = readlinkSync(`/proc/self/fd/${handle}`);
    const { ino, dev } = fstatSync(handle);
    const there = lstatIfThere(now);
    if (there?.ino === ino && there.dev === dev) renameSync(now, home);
    else if (fstatSync(handle).isDirectory()) mkdirSync(home, { mode: 0o755 });
  } finally {
    closeSync(handle);
  }
}
