import {
  chmodSync,
  closeSync,
  fchmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  write,
  writeSync,
} from "node:fs";
import { setTime, type TreeEntry, type TreeEntryKind } from "../../archive/index.ts";
import type { fsutil } from "../../grpc/index.ts";
import { CooperError, errnoOf } from "../../kit/index.ts";
import { FileType, futimens, lsetxattr, makeDevice, mknod } from "../../sys/index.ts";
import { fromGoMode } from "./go-mode.ts";

/** Pieces above this are written by another thread while the next ones come in. */
const asyncSize = 64 * 1024;

interface Announced {
  readonly path: string;
  readonly kind: TreeEntryKind;
  readonly mode: number;
  readonly stat: fsutil.Stat;
}
interface Arriving {
  readonly entry: Announced;
  file: number | undefined;
}

/**
 * A folder that becomes the tree which another side announces entry by entry. What is there already and equal stays. Files get
 * their time last, so that one whose content was cut short never looks complete.
 */
export class IncomingTree {
  readonly #root: string;
  readonly #present: Map<string, TreeEntry>;
  readonly #merges: boolean;
  readonly #folders = new Map<string, Announced>();
  readonly #files = new Set<string>();
  readonly #arriving = new Map<number, Arriving>();
  readonly #links: Announced[] = [];
  #count = 0;
  #announced = false;
  #last = "";

  /** `present`: all that is in the folder, which goes when it is not announced. Undefined: whatever is there and is not announced stays. */
  constructor(root: string, present: Map<string, TreeEntry> | undefined) {
    this.#root = root;
    this.#merges = present === undefined;
    this.#present = present ?? new Map();
  }

  /** Everything announced, and every content that was asked for is here. */
  get complete(): boolean {
    return this.#announced && this.#arriving.size === 0;
  }

  /** Takes the next entry; the number to ask for when its content is wanted. */
  announce(stat: fsutil.Stat): number | undefined {
    if (this.#announced) throw new CooperError("session/bad-path", "entry after the end of the tree");
    const id = this.#count++;
    const entry = this.#checked(stat);
    const old = this.#present.get(entry.path);
    this.#present.delete(entry.path);
    if (entry.kind === "file") {
      this.#files.add(entry.path);
      return this.#file(id, entry, old);
    }
    this.#other(entry, old);
    return undefined;
  }

  allAnnounced(): undefined {
    this.#announced = true;
  }

  /** A piece of a content that was asked for; an empty one ends it. */
  async data(id: number, data: Uint8Array): Promise<void> {
    const arriving = this.#arriving.get(id);
    if (arriving === undefined) throw new CooperError("session/bad-path", `invalid file request ${id}`);
    const path = `${this.#root}/${arriving.entry.path}`;
    arriving.file ??= openSync(path, "wx", 0o600);
    if (data.byteLength > 0) {
      await writeAll(arriving.file, data);
      return;
    }
    this.#arriving.delete(id);
    try {
      dressFile(arriving.file, arriving.entry, path);
    } finally {
      closeSync(arriving.file);
    }
  }

  /** Removes what was not announced, makes hard links, and gives folders their modes and times. */
  finish(): void {
    for (const path of [...this.#present.keys()].reverse()) {
      rmSync(`${this.#root}/${path}`, { recursive: true, force: true });
    }
    for (const entry of this.#links) {
      linkSync(`${this.#root}/${entry.stat.linkname}`, `${this.#root}/${entry.path}`);
    }
    for (const entry of [...this.#folders.values()].reverse()) this.#dress(entry);
  }

  /** Closes files that are still open. */
  close(): void {
    for (const { file } of this.#arriving.values()) if (file !== undefined) closeSync(file);
    this.#arriving.clear();
  }

  /** Parents come before children and were announced as folders, so no path leads through a link. */
  #checked(stat: fsutil.Stat): Announced {
    const { path } = stat;
    const parts = path.split("/");
    const clean = parts.every((part) => part !== "" && part !== "." && part !== "..") && !path.includes("\0");
    const parent = parts.slice(0, -1).join("/");
    if (!clean || (parent !== "" && !this.#folders.has(parent))) {
      throw new CooperError("session/bad-path", `invalid path ${JSON.stringify(path)} in a transfer`);
    }
    if (path === this.#last || this.#folders.has(path) || this.#files.has(path)) {
      throw new CooperError("session/bad-path", `path ${JSON.stringify(path)} twice in a transfer`);
    }
    this.#last = path;
    const found = fromGoMode(stat.mode);
    if (found === undefined) throw new CooperError("session/bad-path", `unknown kind of file ${JSON.stringify(path)}`);
    return { path, stat, ...found };
  }

  #file(id: number, entry: Announced, old: TreeEntry | undefined): number | undefined {
    const { linkname } = entry.stat;
    if (linkname === "" && old !== undefined && old.stat.links === 1 && sameFile(entry, old)) return undefined;
    this.#clear(entry.path, old);
    if (linkname === "") {
      this.#arriving.set(id, { entry, file: undefined });
      return id;
    }
    if (!this.#files.has(linkname)) {
      throw new CooperError("session/bad-path", `invalid link ${JSON.stringify(entry.path)} in a transfer`);
    }
    this.#links.push(entry);
    return undefined;
  }

  #other(entry: Announced, old: TreeEntry | undefined): void {
    const path = `${this.#root}/${entry.path}`;
    if (entry.kind === "directory") {
      this.#folders.set(entry.path, entry);
      if (old?.kind !== "directory") this.#clear(entry.path, old);
      makeFolder(path);
      // So that its entries can be written; its own mode comes in the end.
      chmodSync(path, entry.mode | 0o700);
      return;
    }
    if (old !== undefined && old.kind === entry.kind && sameLink(entry, old)) return;
    this.#clear(entry.path, old);
    if (entry.kind === "symlink") symlinkSync(entry.stat.linkname, path);
    else
      mknod(
        path,
        typeBits[entry.kind] | entry.mode,
        makeDevice(Number(entry.stat.devmajor), Number(entry.stat.devminor)),
      );
    this.#dress(entry);
  }

  /** Nothing is at the path afterwards. A folder takes what is known of it with it. */
  #clear(path: string, old: TreeEntry | undefined): void {
    const full = `${this.#root}/${path}`;
    if (old === undefined && !(this.#merges && lstatSync(full, { throwIfNoEntry: false }) !== undefined)) return;
    if (old !== undefined && old.kind !== "directory") {
      unlinkSync(full);
      return;
    }
    rmSync(full, { recursive: true, force: true });
    for (const below of this.#present.keys()) if (below.startsWith(`${path}/`)) this.#present.delete(below);
  }

  #dress(entry: Announced): void {
    const path = `${this.#root}/${entry.path}`;
    for (const [name, value] of entry.stat.xattrs) if (name.startsWith("user.")) setAttribute(path, name, value);
    if (entry.kind !== "symlink") chmodSync(path, entry.mode);
    setTime(path, entry.stat.modTime, entry.kind === "symlink");
  }
}

/** A regular file's, through the open file: paths cost more. */
function dressFile(file: number, { mode, stat }: Announced, path: string): void {
  for (const [name, value] of stat.xattrs) if (name.startsWith("user.")) setAttribute(path, name, value);
  fchmodSync(file, mode);
  futimens(file, stat.modTime, stat.modTime);
}

const typeBits: Readonly<Record<TreeEntryKind, number>> = {
  file: FileType.regular,
  directory: FileType.directory,
  symlink: FileType.symlink,
  fifo: FileType.fifo,
  character: FileType.character,
  block: FileType.block,
  socket: FileType.socket,
};

function makeFolder(path: string): void {
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST" || !lstatSync(path).isDirectory()) throw error;
  }
}

/** What fsutil compares: metadata, never contents. */
function sameFile({ stat, mode }: Announced, old: TreeEntry): boolean {
  const { stat: now, kind } = old;
  return kind === "file" && now.mode === mode && BigInt(now.size) === stat.size && now.mtime === stat.modTime;
}

function sameLink({ stat, mode, kind }: Announced, old: TreeEntry): boolean {
  if (kind === "symlink") return old.linkTarget === stat.linkname && old.stat.mtime === stat.modTime;
  const device = makeDevice(Number(stat.devmajor), Number(stat.devminor));
  return old.stat.mode === mode && old.stat.rdev === device && old.stat.mtime === stat.modTime;
}

/** A file system without attributes takes the file without. */
function setAttribute(path: string, name: string, value: Uint8Array): void {
  try {
    lsetxattr(path, name, value);
  } catch (error) {
    if (errnoOf(error) !== "ENOTSUP") throw error;
  }
}

async function writeAll(file: number, data: Uint8Array): Promise<void> {
  for (let at = 0; at < data.byteLength; ) {
    if (data.byteLength <= asyncSize) at += writeSync(file, data, at);
    else {
      at += await new Promise<number>((resolve, reject) => {
        write(file, data, at, (error, written) => (error === null ? resolve(written) : reject(error)));
      });
    }
  }
}
