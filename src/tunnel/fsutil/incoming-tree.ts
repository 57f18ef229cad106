import { fchmodSync } from "node:fs";
import { setTime, type TreeEntry, type TreeEntryKind } from "../../archive/index.ts";
import type { fsutil } from "../../grpc/index.ts";
import {
  CooperError,
  chmodSync,
  errnoOf,
  linkSync,
  lstatSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from "../../kit/index.ts";
import { FileType, futimens, lsetxattr, makeDevice, mknod, utimensat } from "../../sys/index.ts";
import { ArrivingFile } from "./arriving-file.ts";
import { fromGoMode } from "./go-mode.ts";

/** Bytes of one file that may wait to be written before no more are read from the other side. */
const maxWaiting = 8 * 1024 * 1024;

interface Announced {
  readonly path: string;
  readonly kind: TreeEntryKind;
  readonly mode: number;
  readonly stat: fsutil.Stat;
}
interface Arriving {
  readonly entry: Announced;
  readonly file: ArrivingFile;
}

/**
 * A folder that becomes the tree which another side announces entry by entry. What is there already and equal stays. Files get
 * their time last, so that one whose content was cut short never looks complete.
 */
export class IncomingTree {
  readonly #root: string;
  readonly #present: Map<string, TreeEntry>;
  readonly #merges: boolean;
  readonly #renews: boolean;
  readonly #folders = new Map<string, Announced>();
  readonly #files = new Set<string>();
  readonly #arriving = new Map<number, Arriving>();
  readonly #ending: Promise<void>[] = [];
  readonly #umask = process.umask();
  readonly #links: Announced[] = [];
  #count = 0;
  #announced = false;
  #last = "";

  /**
   * `present`: all that is in the folder, which goes when it is not announced. Undefined: whatever is there and is not announced
   * stays. `renews`: a file that seems to be the same is asked for all the same.
   */
  constructor(root: string, present: Map<string, TreeEntry> | undefined, renews = false) {
    this.#root = root;
    this.#merges = present === undefined;
    this.#renews = renews;
    this.#present = present ?? new Map();
  }

  /** Everything announced, and every content that was asked for has come: it may still be on its way into its file. */
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

  /** Counts an entry that is not made. */
  pass(): undefined {
    this.#count++;
  }

  /** Makes a folder that was passed. */
  recall(stat: fsutil.Stat): void {
    this.#count--;
    this.announce(stat);
  }

  allAnnounced(): undefined {
    this.#announced = true;
  }

  /** Pieces of a content that was asked for; none end it. A promise when no more should come before it settles. */
  data(id: number, pieces: readonly Uint8Array[]): Promise<void> | undefined {
    const arriving = this.#arriving.get(id);
    if (arriving === undefined) throw new CooperError("session/bad-path", `invalid file request ${id}`);
    const { entry, file } = arriving;
    if (pieces.length > 0) {
      for (const piece of pieces) file.add(piece);
      return file.waiting > maxWaiting ? file.written() : undefined;
    }
    this.#arriving.delete(id);
    const ended = file.end((descriptor) => this.#dressFile(descriptor, entry));
    ended?.catch(() => {});
    if (ended !== undefined) this.#ending.push(ended);
    return undefined;
  }

  /** Settles when all contents that have ended are in their files. */
  async written(): Promise<void> {
    while (this.#ending.length > 0) await Promise.all(this.#ending.splice(0));
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
  async close(): Promise<void> {
    await Promise.allSettled(this.#ending);
    await Promise.allSettled([...this.#arriving.values()].map(({ file }) => file.abandon()));
    this.#arriving.clear();
  }

  /** Parents come before children and were announced as folders, so no path leads through a link. */
  #checked(stat: fsutil.Stat): Announced {
    const { path } = stat;
    if (!this.#isPlace(path)) {
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

  /** One plain name, in the root or in a folder that was announced: so all of its path is plain names. */
  #isPlace(path: string): boolean {
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    const plain = name !== "" && name !== "." && name !== ".." && !name.includes("\0");
    return plain && (slash === -1 || this.#folders.has(path.slice(0, slash)));
  }

  #file(id: number, entry: Announced, old: TreeEntry | undefined): number | undefined {
    const { linkname } = entry.stat;
    if (linkname === "" && !this.#renews && old !== undefined && old.stat.links === 1 && sameFile(entry, old))
      return undefined;
    this.#clear(entry.path, old);
    if (linkname === "") {
      this.#arriving.set(id, { entry, file: new ArrivingFile(`${this.#root}/${entry.path}`, entry.mode) });
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

  /** A regular file's, through the open file: paths cost more. */
  #dressFile(file: number, { path, mode, stat }: Announced): void {
    setAttributes(`${this.#root}/${path}`, stat.xattrs);
    // In a folder of ours it was created with its mode, less what the process holds back and what a write takes away.
    if (this.#merges || (mode & (this.#umask | 0o7000)) !== 0) fchmodSync(file, mode);
    futimens(file, stat.modTime, stat.modTime);
  }

  #dress(entry: Announced): void {
    const path = `${this.#root}/${entry.path}`;
    setAttributes(path, entry.stat.xattrs);
    if (entry.kind !== "symlink") chmodSync(path, entry.mode);
    const { modTime } = entry.stat;
    // Node takes a time before 1970 for the current one.
    if (modTime < 0n) utimensat(path, modTime, modTime);
    else setTime(path, modTime, entry.kind === "symlink");
  }
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

/**
 * Attributes that say something about a file wherever it lies: the user's. Others are this machine's own affair; capabilities do not
 * arrive at upstream either, which sets the owner last. A file system, or a user, that cannot have one gets the file without.
 */
function setAttributes(path: string, attributes: ReadonlyMap<string, Uint8Array>): void {
  for (const [name, value] of attributes) {
    if (!name.startsWith("user.")) continue;
    try {
      lsetxattr(path, name, value);
    } catch (error) {
      if (!["ENOTSUP", "EPERM", "EACCES"].includes(errnoOf(error) ?? "")) throw error;
    }
  }
}
