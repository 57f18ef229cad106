import { closeSync, constants, fstatSync, readFileSync, readSync } from "node:fs";
import { CooperError, errnoOf, goMatch, lstatIfThere, openSync, readdirSync, sortNames } from "../kit/index.ts";
import { openat2, Resolve } from "../sys/index.ts";
import type { FileInfo } from "./contract.ts";
import { largestFile, notRegular, tooLarge } from "./tree-files.ts";
import { infoOf } from "./tree-info.ts";

/** `<fcntl.h>`: a name for a file that does not open it. */
const O_PATH = 0o10000000;

/**
 * Files of a tree that running processes may change at any moment: the kernel resolves paths below the root, so that no link leads out of
 * it, and nothing but regular files is opened. Throws `frontend/not-found`.
 */
export class LiveTree {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** At most 16 MiB, or the first `limit` bytes. Throws `frontend/too-large`, `frontend/not-a-file`. */
  readFile(path: string, limit?: number): Uint8Array {
    return this.#named("open", path, constants.O_RDONLY, (named) => {
      const file = openSync(named, constants.O_RDONLY | constants.O_NOCTTY);
      try {
        const { size } = fstatSync(file);
        if (limit === undefined && size > largestFile) throw tooLarge(path, size);
        if (limit === undefined) return readFileSync(file);
        const buffer = Buffer.alloc(Math.min(limit, size, largestFile));
        return buffer.subarray(0, readSync(file, buffer, 0, buffer.byteLength, 0));
      } finally {
        closeSync(file);
      }
    });
  }

  readDir(path: string, pattern: string): readonly FileInfo[] {
    return this.#named("open", path, constants.O_DIRECTORY, (named) => {
      const names = readdirSync(named).filter((name) => pattern === "" || goMatch(pattern, name));
      return sortNames(names).flatMap((name) => {
        const stat = lstatIfThere(`${named}/${name}`, { bigint: true });
        return stat === undefined ? [] : [infoOf(name, `${named}/${name}`, stat)];
      });
    });
  }

  /** A link is followed. */
  fileInfo(path: string): FileInfo {
    return this.#named("lstat", path, 0, (_, file) =>
      infoOf(path.slice(path.lastIndexOf("/") + 1), "", fstatSync(file, { bigint: true })),
    );
  }

  /** Runs `work` on a name of the file that stays the file's, whatever becomes of its path. O_RDONLY: for regular files only. */
  #named<T>(verb: string, path: string, kind: number, work: (named: string, file: number) => T): T {
    const root = openSync(this.#root, constants.O_RDONLY | constants.O_DIRECTORY);
    let file: number | undefined;
    try {
      const flags = O_PATH | (kind & constants.O_DIRECTORY);
      file = openat2(root, path, { flags, resolve: Resolve.inRoot | Resolve.noMagicLinks });
      if (verb === "open" && kind === constants.O_RDONLY && !fstatSync(file).isFile()) throw notRegular(path);
      return work(`/proc/self/fd/${file}`, file);
    } catch (error) {
      if (!["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) throw error;
      throw new CooperError("frontend/not-found", `${verb} ${path}: no such file or directory`, { cause: error });
    } finally {
      if (file !== undefined) closeSync(file);
      closeSync(root);
    }
  }
}
