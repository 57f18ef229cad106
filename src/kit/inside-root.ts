import type { BigIntStats, Stats } from "node:fs";
import { CooperError, errnoOf } from "./error.ts";
import { lstatSync, readlinkSync } from "./raw-files.ts";

/** More links than this in one path is a cycle. */
const maxLinks = 255;

/**
 * Where `path` leads inside the tree at `root`, as the kernel would resolve it after a chroot there: links are followed, also
 * absolute ones and those with `..`, and never leave the tree. Parts that do not exist are kept as they are. With
 * `followLast: false` a link in the last part is not followed. Throws `kit/too-many-links`. Not safe against somebody who
 * changes the tree meanwhile.
 */
export function pathInside(root: string, path: string, options: { readonly followLast?: boolean } = {}): string {
  const pending = partsOf(path).reverse();
  const done: string[] = [];
  let links = 0;
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part === "..") {
      done.pop();
      continue;
    }
    done.push(part);
    if (options.followLast === false && pending.length === 0) break;
    const target = linkTarget(`${root}/${done.join("/")}`);
    if (target === undefined) continue;
    if (++links > maxLinks) {
      throw new CooperError("kit/too-many-links", `cannot resolve ${JSON.stringify(path)}: too many links`);
    }
    done.pop();
    if (target.startsWith("/")) done.length = 0;
    pending.push(...partsOf(target).reverse());
  }
  return done.length === 0 ? root : `${root === "/" ? "" : root}/${done.join("/")}`;
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function linkTarget(path: string): string | undefined {
  return lstatIfThere(path)?.isSymbolicLink() ? readlinkSync(path) : undefined;
}

/** `lstat`, or undefined when nothing has that name (also when a parent is not a directory, or a link in a circle). */
export function lstatIfThere(path: string): Stats | undefined;
export function lstatIfThere(path: string, options: { readonly bigint: true }): BigIntStats | undefined;
export function lstatIfThere(path: string, options?: { readonly bigint: true }): Stats | BigIntStats | undefined {
  try {
    return lstatSync(path, { ...options, throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR" || errnoOf(error) === "ELOOP") return undefined;
    throw error;
  }
}
