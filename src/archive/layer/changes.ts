import { closeSync, readSync } from "node:fs";
import { CooperError, openSync, readlinkSync, sortNames } from "../../kit/index.ts";
import { lgetxattr } from "../../sys/index.ts";
import type { LayerChanges } from "../contract.ts";
import { sortedNames } from "../tree/names.ts";
import { kernelFiles } from "../tree/tree-files.ts";
import { type Found, LayeredTree } from "./layered-tree.ts";
import { isOpaque, isWhiteout } from "./whiteout.ts";

/** A difference between a tree and the one it started from; paths start with a slash. */
export type Change =
  | { readonly kind: "delete"; readonly path: string }
  /** `unchanged`: the same file on both sides, told only where it has several names. */
  | { readonly kind: "put" | "unchanged"; readonly path: string; readonly file: Found };

/** The changes in upstream's order: each directory before what it holds, names by their bytes, deletions at the deleted name. */
export function changesOf(changes: LayerChanges): Iterable<Change> {
  if (changes.form === "overlay") {
    const trees = {
      below: new LayeredTree(changes.lower),
      upper: changes.upper,
      view: new LayeredTree([changes.upper]),
    };
    return upperChanges(trees, "");
  }
  const below = new LayeredTree(changes.parent === undefined ? [] : [changes.parent], changes.parentFiles);
  return twoTreeChanges(below, new LayeredTree([changes.tree], changes.files), "");
}

interface OverlayTrees {
  readonly below: LayeredTree;
  readonly upper: string;
  /** The upper directory without its marks. */
  readonly view: LayeredTree;
}

/** What an overlay's upper directory says by itself; the layers below are only asked about names that are in it. */
function* upperChanges(trees: OverlayTrees, folder: string): Generator<Change> {
  for (const name of sortedNames(trees.upper + folder)) {
    const path = `${folder}/${name}`;
    const file = foundAt(trees.upper + path);
    if (file === undefined) continue;
    const before = trees.below.find(path);
    if (isWhiteout(file.stat)) {
      if (before !== undefined) yield { kind: "delete", path };
      continue;
    }
    if (before === undefined || !sameFile(before, file, true)) yield { kind: "put", path, file };
    if (!file.stat.isDirectory()) continue;
    refuseRedirect(file.path);
    if (before !== undefined && isOpaque(file.path)) yield* twoTreeChanges(trees.below, trees.view, path);
    else yield* upperChanges(trees, path);
  }
}

/** Compares two whole trees, name by name. */
function* twoTreeChanges(below: LayeredTree, above: LayeredTree, folder: string): Generator<Change> {
  const [before, after] = [below.names(folder), above.names(folder)];
  const names = mergeSorted(before, after);
  for (const name of names) {
    const path = `${folder}/${name}`;
    const [old, file] = [below.find(path), above.find(path)];
    if (file === undefined) {
      if (old !== undefined) yield { kind: "delete", path };
      continue;
    }
    const same = old !== undefined && sameFile(old, file);
    if (!same) yield { kind: "put", path, file };
    else if (!file.stat.isDirectory() && file.stat.nlink > 1n) yield { kind: "unchanged", path, file };
    if (file.stat.isDirectory()) yield* twoTreeChanges(below, above, path);
  }
}

function mergeSorted(one: readonly string[], other: readonly string[]): string[] {
  if (one.length === 0) return [...other];
  if (other.length === 0) return [...one];
  const all = [...new Set([...one, ...other])];
  return sortNames(all);
}

function foundAt(path: string): Found | undefined {
  const stat = kernelFiles.lstat(path);
  return stat && { path, stat, files: kernelFiles };
}

function refuseRedirect(path: string): void {
  if (lgetxattr(path, "trusted.overlay.redirect") === undefined) return;
  throw new CooperError(
    "archive/redirect",
    `cannot make a layer of ${JSON.stringify(path)}: redirect_dir is used but it's not supported in overlayfs differ`,
  );
}

/**
 * containerd's notion of an unchanged file: same type, mode, owner, device and capabilities; for all but directories also the same
 * size and time, and where both times are whole seconds (an unpacked layer has no more) the same content. `written`: the other
 * one was written after the first, so that its content is compared whatever the times: the kernel's clock stands still
 * for milliseconds, and two steps at once may have written files of one size in them.
 */
function sameFile(one: Found, other: Found, written = false): boolean {
  const [a, b] = [one.stat, other.stat];
  if (a.dev === b.dev && a.ino === b.ino) return true;
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid || a.rdev !== b.rdev) return false;
  if (!sameCapability(one, other)) return false;
  if (a.isDirectory()) return true;
  if (a.size !== b.size || a.mtimeNs !== b.mtimeNs) return false;
  if (!written && a.mtimeNs % 1_000_000_000n !== 0n) return true;
  if (a.isSymbolicLink()) return readlinkSync(one.path) === readlinkSync(other.path);
  return a.size === 0n || !a.isFile() || sameContent(one.path, other.path);
}

function sameCapability(one: Found, other: Found): boolean {
  if (!one.stat.isFile()) return true;
  const [a, b] = [one, other].map(({ files, path }) => files.attribute(path, "security.capability"));
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

function sameContent(one: string, other: string): boolean {
  const [a, b] = [openSync(one, "r"), openSync(other, "r")];
  try {
    const [left, right] = [Buffer.allocUnsafe(256 * 1024), Buffer.allocUnsafe(256 * 1024)];
    for (;;) {
      const read = readSync(a, left, 0, left.length, null);
      const matched = readSync(b, right, 0, right.length, null);
      if (read !== matched || !left.subarray(0, read).equals(right.subarray(0, read))) return false;
      if (read === 0) return true;
    }
  } finally {
    closeSync(a);
    closeSync(b);
  }
}
