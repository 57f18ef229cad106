import { closeSync, constants, futimesSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { CooperError, errnoOf, type Log, lstatSync, openSync, readEntriesSync, symlinkSync } from "../../kit/index.ts";
import { FileType, lgetxattr, llistxattr, makeDevice } from "../../sys/index.ts";
import type { ChangeForm, TarHeader } from "../contract.ts";
import type { TarSink } from "../tar/parser.ts";
import type { TreeFiles } from "../tree/tree-files.ts";
import { setAttributes, setMetadata, setTime } from "./metadata.ts";
import { SafeFolder } from "./safe-folder.ts";
import { isWhiteout, makeOpaque, makeWhiteout, whiteoutTarget } from "./whiteout.ts";

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
const writeOnPool = promisify(write);
const billion = 1_000_000_000n;

/** What `Unpacker` needs to know of the folder it fills. */
export interface UnpackOptions {
  readonly form: ChangeForm;
  readonly files: TreeFiles;
  /** Folders of the layers below, lowest first: a parent that the layer does not name looks as it does there. */
  readonly parents: readonly string[];
  /** Names of whiteouts mean nothing. */
  readonly plain: boolean;
  readonly log: Log;
}

/**
 * Writes a layer's entries into a folder as they are parsed, synchronously. `finish` sets the directories' times, which
 * their entries would change. After a failure call `abandon`.
 */
export class Unpacker implements TarSink {
  readonly #folder: SafeFolder;
  readonly #options: UnpackOptions;
  /** Times of the directories, by path. */
  readonly #folderTimes = new Map<string, bigint>();
  /** What this layer made: whiteouts only concern layers below. */
  readonly #made = new Set<string>();
  /** Older files that this layer has given another name. */
  readonly #linked = new Set<string>();
  readonly #files: TreeFiles;
  readonly #umask = process.umask();
  #file: { readonly fd: number; readonly path: string; readonly header: TarHeader } | undefined;

  constructor(root: string, options: UnpackOptions) {
    this.#options = options;
    this.#files = options.files;
    this.#folder = new SafeFolder(root, options.files, (path) => this.#copyParent(path));
  }

  entry(header: TarHeader): void {
    const place = this.#folder.place(header.name);
    if (place === undefined) return;
    const whiteout = this.#options.plain ? undefined : whiteoutTarget(place.base);
    if (whiteout?.kind === "opaque") this.#opaque(place.parent);
    else if (whiteout?.kind === "delete") this.#delete(`${place.parent}/${whiteout.name}`);
    else this.#create(place.path, header);
  }

  data(chunk: Uint8Array): void {
    if (this.#file === undefined) return;
    for (let at = 0; at < chunk.byteLength; ) at += writeSync(this.#file.fd, chunk, at);
  }

  /** `data` on a pool thread; must have ended before anything else is called. */
  async dataOnPool(chunk: Uint8Array): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    for (let at = 0; at < chunk.byteLength; ) at += (await writeOnPool(file.fd, chunk, at)).bytesWritten;
  }

  end(): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    try {
      this.#finishFile(file.fd, file.path, file.header);
    } finally {
      closeSync(file.fd);
    }
  }

  /** Sets what could not be set while files came. */
  finish(): void {
    for (const [path, time] of this.#folderTimes) setTime(path, time, false);
  }

  /** Closes what is open. */
  abandon(): void {
    if (this.#file !== undefined) closeSync(this.#file.fd);
    this.#file = undefined;
  }

  #create(path: string, header: TarHeader): void {
    this.#made.add(path);
    if (header.type === "file") {
      this.#openFile(path, header);
      return;
    }
    if (header.type === "directory") {
      this.#makeFolder(path, header);
      return;
    }
    this.#clear(path);
    if (header.type === "hardlink") this.#link(this.#folder.existing(this.#linkName(header)), path);
    else if (header.type === "symlink") symlinkSync(this.#linkName(header), path);
    else if (!this.#makeNode(path, header)) return;
    const isLink = header.type === "hardlink" && lstatSync(path).isSymbolicLink();
    setMetadata(path, isLink ? { ...header, type: "symlink" } : header, this.#files);
  }

  /** The metadata of the new name is that of the old one: a file from below must not be changed for the tree below. */
  #link(existing: string, path: string): void {
    if (!this.#made.has(existing) && !this.#linked.has(existing)) this.#files.unshare(existing);
    this.#linked.add(existing);
    this.#files.link(existing, path);
  }

  #linkName(header: TarHeader): string {
    if (header.linkName !== undefined) return header.linkName;
    throw new CooperError(
      "archive/bad-layer",
      `cannot unpack ${JSON.stringify(header.name)}: a link without target found`,
    );
  }

  /** A fresh file nearly always; O_EXCL tells when not, and that a link is never written through. */
  #openFile(path: string, header: TarHeader): void {
    const mode = header.mode & 0o777;
    const open = () => openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    let fd: number;
    try {
      fd = open();
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      this.#clear(path);
      fd = open();
    }
    this.#file = { fd, path, header };
  }

  #finishFile(fd: number, path: string, header: TarHeader): void {
    const made = header.mode & 0o777 & ~this.#umask;
    this.#files.settle(fd, path, header.uid, header.gid, header.mode, made);
    if (header.xattrs !== undefined) setAttributes(path, header.xattrs, this.#files);
    const bounded = header.mtime >= 0n && header.mtime % billion === 0n;
    if (!bounded) setTime(path, header.mtime, false);
    else futimesSync(fd, Number(header.mtime / billion), Number(header.mtime / billion));
  }

  #makeFolder(path: string, header: TarHeader): void {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory() !== true) {
      const wasDeleted = found !== undefined && this.#options.form === "overlay" && isWhiteout(found);
      if (found !== undefined) this.#folder.remove(path);
      this.#files.mkdir(path, header.mode & 0o777);
      // The layer deletes the old directory and makes a new one: the old one's content must not shine through.
      if (wasDeleted) makeOpaque(path);
    }
    setMetadata(path, header, this.#files);
    this.#folderTimes.set(path, header.mtime);
  }

  /** False when this process may not make the device: it is left out, as in every container that may not either. */
  #makeNode(path: string, header: TarHeader): boolean {
    const types = { fifo: FileType.fifo, character: FileType.character, block: FileType.block };
    const type = types[header.type as keyof typeof types];
    try {
      this.#files.mknod(
        path,
        type | (header.mode & 0o7777),
        makeDevice(header.device?.major ?? 0, header.device?.minor ?? 0),
      );
      return true;
    } catch (error) {
      if (errnoOf(error) !== "EPERM" || header.type === "fifo") throw error;
      this.#options.log(`left out device ${JSON.stringify(header.name)}: not permitted to this process`);
      return false;
    }
  }

  #delete(path: string): void {
    if (this.#made.has(path)) {
      // Deleted below and made anew by this layer, in the other order.
      if (this.#options.form === "overlay" && lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
        makeOpaque(path);
      return;
    }
    this.#clear(path);
    if (this.#options.form === "overlay") makeWhiteout(path);
  }

  #opaque(folder: string): void {
    if (this.#options.form === "overlay") makeOpaque(folder);
    else this.#removeOlder(folder);
  }

  #removeOlder(folder: string): void {
    for (const entry of readEntriesSync(folder)) {
      const path = `${folder}/${entry.name}`;
      if (!this.#made.has(path)) this.#folder.remove(path);
      else if (entry.isDirectory()) this.#removeOlder(path);
    }
  }

  /** Makes room for an entry. */
  #clear(path: string): void {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return;
    this.#folder.remove(path);
    if (!found.isDirectory()) return;
    for (const other of this.#folderTimes.keys()) {
      if (other === path || other.startsWith(`${path}/`)) this.#folderTimes.delete(other);
    }
  }

  /** Gives a parent that the layer does not name the looks it has in the layers below. */
  #copyParent(path: string): void {
    const name = path.slice(this.#folder.root.length);
    for (const below of this.#options.parents.toReversed()) {
      const source = `${below}${name}`;
      const stat = lstatSync(source, { bigint: true, throwIfNoEntry: false });
      if (stat === undefined) continue;
      if (!stat.isDirectory()) return;
      const attributes = new Map(llistxattr(source).map((key) => [key, lgetxattr(source, key) ?? Buffer.alloc(0)]));
      const header: TarHeader = {
        type: "directory",
        name,
        mode: Number(stat.mode) & 0o7777,
        uid: Number(stat.uid),
        gid: Number(stat.gid),
        size: 0,
        mtime: stat.mtimeNs,
        xattrs: attributes,
      };
      setMetadata(path, header, this.#files);
      this.#folderTimes.set(path, stat.mtimeNs);
      return;
    }
  }
}
