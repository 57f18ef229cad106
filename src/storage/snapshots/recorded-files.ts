import { type BigIntStats, fchmodSync, realpathSync } from "node:fs";
import { lstatBig, type TreeFiles } from "../../archive/index.ts";
import { CooperError, chmodSync, linkSync, mkdirSync, writeFileSync } from "../../kit/index.ts";
import { FileType, lgetxattr, llistxattr, mknod } from "../../sys/index.ts";
import { linkedFiles } from "./linked-files.ts";

/** What a file should be, where the file system has something else. Names of one file share one. */
export interface FileRecord {
  uid: number;
  gid: number;
  /** Type and permissions, as of `stat`; the type 0: that of the file itself. */
  mode: number;
  /** Of a device. */
  device?: bigint;
  attributes?: Map<string, Buffer>;
}

/**
 * The files of a tree of a process that may not change owners. On disk all belong to it, and can be read and written by it; devices are
 * empty files. What the tree says of them is recorded by path. A file without a record belongs to 0:0 and has the
 * mode that it has.
 */
export class RecordedFiles implements TreeFiles {
  readonly #root: string;
  /** The same without links: walks of a tree begin there. */
  readonly #realRoot: string;
  readonly #records: Map<string, FileRecord>;
  /** Of recorded files, before others wrote to the tree: which file it was, and its mode on disk. */
  #before: ReadonlyMap<string, { readonly inode: bigint; readonly mode: bigint }> | undefined;

  constructor(root: string, records = new Map<string, FileRecord>()) {
    this.#root = root;
    this.#realRoot = realpathSync(root);
    this.#records = records;
  }

  /** By path below the root, without leading slash; those of files that are gone are left out. */
  *records(): Generator<readonly [string, FileRecord]> {
    for (const [name, record] of this.#records) {
      if (lstatBig(this.#path(name)) !== undefined) yield [name, record];
    }
  }

  /** Others than Cooper will write to the tree now (a step), who know nothing of what is recorded. */
  openToOthers(): void {
    const before = new Map<string, { inode: bigint; mode: bigint }>();
    for (const name of this.#records.keys()) {
      const stat = lstatBig(this.#path(name));
      if (stat !== undefined) before.set(name, { inode: stat.ino, mode: stat.mode });
    }
    this.#before = before;
  }

  /**
   * What others did to the tree counts: a file that took a recorded one's place belongs to 0:0, as all that a step makes here; one that was
   * given another mode has that.
   */
  reconcile(): void {
    for (const [name, { inode, mode }] of this.#before ?? []) {
      const stat = lstatBig(this.#path(name));
      const record = this.#records.get(name);
      if (stat === undefined || stat.ino !== inode) this.#records.delete(name);
      else if (record !== undefined && stat.mode !== mode) {
        const type = record.mode & FileType.mask;
        this.#records.set(name, { ...record, mode: type | (Number(stat.mode) & 0o7777) });
      }
    }
    this.#before = undefined;
  }

  lstat(path: string): BigIntStats | undefined {
    const stat = lstatBig(path);
    if (stat === undefined) return undefined;
    const record = this.#records.get(this.#name(path));
    stat.uid = BigInt(record?.uid ?? 0);
    stat.gid = BigInt(record?.gid ?? 0);
    if (record === undefined) return stat;
    const type = record.mode & FileType.mask || Number(stat.mode) & FileType.mask;
    // A link has no permissions of its own.
    if (!stat.isSymbolicLink()) stat.mode = BigInt(type | (record.mode & 0o7777));
    if (record.device !== undefined) stat.rdev = record.device;
    return stat;
  }

  mkdir(path: string, mode: number): void {
    mkdirSync(path, mode | 0o700);
    this.#records.delete(this.#name(path));
  }

  chown(path: string, uid: number, gid: number): void {
    const record = this.#records.get(this.#name(path));
    if (record === undefined && uid === 0 && gid === 0) return;
    const { uid: _uid, gid: _gid, ...rest } = record ?? { mode: Number(lstatBig(path)?.mode ?? 0) & 0o7777 };
    this.#put(path, record, { ...rest, uid, gid });
  }

  chmod(path: string, mode: number): void {
    const stat = lstatBig(path);
    const real = (mode & 0o777) | (stat?.isDirectory() === true ? 0o700 : 0o600);
    chmodSync(path, real);
    const record = this.#records.get(this.#name(path));
    if (record === undefined && real === mode) return;
    const type = (record?.mode ?? 0) & FileType.mask;
    this.#put(path, record, { uid: 0, gid: 0, ...record, mode: type | (mode & 0o7777) });
  }

  settle(file: number, path: string, uid: number, gid: number, mode: number, made: number): void {
    const real = (mode & 0o777) | 0o600;
    if (real !== made) fchmodSync(file, real);
    const name = this.#name(path);
    if (uid === 0 && gid === 0 && real === mode) this.#records.delete(name);
    else this.#records.set(name, { uid, gid, mode });
  }

  adopt(path: string, files: TreeFiles, existing: string): void {
    const name = this.#name(path);
    const record = files instanceof RecordedFiles ? files.#records.get(files.#name(existing)) : undefined;
    if (record === undefined) this.#records.delete(name);
    else this.#records.set(name, { ...record });
  }

  unshare(path: string): void {
    linkedFiles.unshare(path);
  }

  mknod(path: string, mode: number, device: bigint): void {
    const type = mode & FileType.mask;
    if (type !== FileType.character && type !== FileType.block) {
      mknod(path, type | 0o600, 0n);
      this.#records.delete(this.#name(path));
      this.chmod(path, mode & 0o7777);
      return;
    }
    writeFileSync(path, "", { flag: "wx", mode: 0o600 });
    this.#records.set(this.#name(path), { uid: 0, gid: 0, mode, device });
  }

  /** Both names share what is recorded from now on. */
  link(existing: string, path: string): void {
    linkSync(existing, path);
    const record = this.#records.get(this.#name(existing)) ?? {
      uid: 0,
      gid: 0,
      mode: Number(lstatBig(existing)?.mode ?? 0) & 0o7777,
    };
    this.#records.set(this.#name(existing), record);
    this.#records.set(this.#name(path), record);
  }

  attributeNames(path: string): string[] {
    const recorded = this.#records.get(this.#name(path))?.attributes;
    const own = llistxattr(path).filter((name) => name !== "security.selinux");
    return recorded === undefined ? own : [...new Set([...own, ...recorded.keys()])];
  }

  attribute(path: string, name: string): Buffer | undefined {
    return this.#records.get(this.#name(path))?.attributes?.get(name) ?? lgetxattr(path, name);
  }

  setAttribute(path: string, name: string, value: Uint8Array): void {
    const record = this.#records.get(this.#name(path));
    const mode = Number(lstatBig(path)?.mode ?? 0) & 0o7777;
    const attributes = new Map(record?.attributes).set(name, Buffer.from(value));
    this.#put(path, record, { uid: 0, gid: 0, mode, ...record, attributes });
  }

  /** Changes a record in place: another name of the file may have it, too. */
  #put(path: string, record: FileRecord | undefined, wanted: FileRecord): void {
    if (record === undefined) this.#records.set(this.#name(path), wanted);
    else Object.assign(record, wanted);
  }

  #path(name: string): string {
    return name === "" ? this.#root : `${this.#root}/${name}`;
  }

  #name(path: string): string {
    for (const root of [this.#root, this.#realRoot]) {
      if (path === root) return "";
      if (path.startsWith(`${root}/`)) return path.slice(root.length + 1);
    }
    throw new CooperError("storage/failed", `cannot tell the owner of ${JSON.stringify(path)}: not in ${this.#root}`);
  }
}
