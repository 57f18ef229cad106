import type { BigIntStats } from "node:fs";
import { join } from "node:path";
import type { TreeEntry, TreeFiles } from "../archive/index.ts";
import {
  CooperError,
  chmodSync,
  errnoOf,
  linkSync,
  linkTargetBelow,
  lstatSync,
  makeFolders,
  mkdirSync,
  readdirSync,
  readlinkSync,
  reasonOf,
  renameSync,
  rmSync,
  type Scope,
  symlinkSync,
  temporaryBeside,
  writeFileSync,
} from "../kit/index.ts";
import type { AttestationFile } from "./attestation/attest-folder.ts";
import type { VisibleTree } from "./tree-source.ts";

/** Files as a caller's folder gets them. */
type Tools = Awaited<ReturnType<typeof loadTools>>;

async function loadTools() {
  const [archive, storage, sys] = await Promise.all([
    import("../archive/index.ts"),
    import("../storage/index.ts"),
    import("../sys/index.ts"),
  ]);
  return { walkTree: archive.walkTree, kernelFiles: archive.kernelFiles, copyFileFast: storage.copyFileFast, sys };
}

/** Other work gets its turn after this many milliseconds. */
const slice = 10;

/**
 * Copies trees into a folder of the caller's. Everything becomes the caller's own (fsutil's receiver does the same); modes,
 * times, links among files and extended attributes are kept. Folders that exist are merged into; anything else in the way is replaced, and a link is
 * never followed. A file appears whole.
 */
export class FolderCopy {
  readonly #root: string;
  readonly #scope: Scope;
  readonly #written = new Set<string>();
  #tools: Tools | undefined;
  #breath = performance.now() + slice;
  constructor(root: string, scope: Scope) {
    this.#root = root;
    this.#scope = scope;
  }

  /** The paths of all that is no folder, by tree. */
  async filesOf(trees: readonly VisibleTree[]): Promise<{ id: string; paths: string[] }[]> {
    const { walkTree } = await this.#load();
    if (trees.length < 2) return [];
    return trees.map(({ id, path, files, attestations }) => ({
      id,
      paths: [
        ...attestations.map(({ name }) => name),
        ...(path === undefined ? [] : [...walkTree(path, {}, files)])
          .filter(({ kind }) => kind !== "directory")
          .map((entry) => entry.path),
      ],
    }));
  }

  /** Copies one tree below `prefix` (empty: the folder itself). `update` is told the bytes so far. */
  async add(tree: VisibleTree, prefix: string, update: (bytes: number) => void): Promise<void> {
    const tools = await this.#load();
    this.#makeRoot();
    const time = tree.epoch === undefined ? undefined : BigInt(tree.epoch) * 1_000_000_000n;
    const folders: { to: string; mode: number; mtime: bigint }[] = [];
    if (prefix !== "") folders.push({ to: this.#folder(prefix), mode: 0o755, mtime: time ?? 0n });
    const links = new Map<string, string>();
    let bytes = 0;
    for (const entry of tree.path === undefined ? [] : tools.walkTree(tree.path, {}, tree.files)) {
      await this.#breathe();
      const path = prefix === "" ? entry.path : `${prefix}/${entry.path}`;
      const mtime = time ?? entry.stat.mtime;
      const from = `${tree.path}/${entry.path}`;
      if (entry.kind === "directory") folders.push({ to: this.#folder(path), mode: entry.stat.mode, mtime });
      else await this.#file(shownBelow(prefix, entry), from, path, mtime, links, tools);
      copyAttributes(from, join(this.#root, path), tree.files ?? tools.kernelFiles, tools);
      if (entry.kind !== "file") continue;
      bytes += entry.stat.size;
      update(bytes);
    }
    for (const attestation of tree.attestations) {
      this.#attestation(attestation, prefix, BigInt(tree.attestedAt) * 1_000_000_000n, tools);
      bytes += attestation.bytes.byteLength;
      update(bytes);
    }
    // Only now: a folder's time changes while it is filled, and its mode may forbid filling it.
    for (const { to, mode, mtime } of folders.reverse()) {
      chmodSync(to, mode);
      tools.sys.utimensat(to, mtime, mtime);
    }
  }

  /** Removes whatever is in the folder and was not written by this copy. */
  async removeOthers(below = ""): Promise<void> {
    for (const name of readdirSync(join(this.#root, below))) {
      await this.#breathe();
      const path = below === "" ? name : `${below}/${name}`;
      const full = join(this.#root, path);
      if (!this.#written.has(path)) rmSync(full, { recursive: true, force: true });
      else if (lstatSync(full).isDirectory()) await this.removeOthers(path);
    }
  }

  async #load(): Promise<Tools> {
    this.#tools ??= await loadTools();
    return this.#tools;
  }

  #makeRoot(): void {
    try {
      makeFolders(this.#root);
      readdirSync(this.#root);
    } catch (cause) {
      const what =
        errnoOf(cause) === "EEXIST" || errnoOf(cause) === "ENOTDIR"
          ? `mkdir ${this.#root}: not a directory`
          : `mkdir ${this.#root}: ${reasonOf(cause)}`;
      throw new CooperError("export/no-target", `failed to create synctarget dest dir ${this.#root}: ${what}`, {
        cause,
      });
    }
  }

  #folder(path: string): string {
    const to = join(this.#root, path);
    this.#written.add(path);
    const there = lstat(to);
    if (there?.isDirectory() === true) {
      chmodSync(to, 0o700);
      return to;
    }
    if (there !== undefined) rmSync(to);
    mkdirSync(to, 0o700);
    return to;
  }

  async #file(
    entry: TreeEntry,
    from: string,
    path: string,
    mtime: bigint,
    links: Map<string, string>,
    tools: Tools,
  ): Promise<void> {
    const to = join(this.#root, path);
    this.#written.add(path);
    const there = lstat(to);
    if (there?.isDirectory() === true) rmSync(to, { recursive: true });
    // What is there already stays until its successor is whole.
    const place = there === undefined || there.isDirectory() ? to : temporaryBeside(to);
    const inode = `${entry.stat.device}:${entry.stat.inode}`;
    const first = entry.stat.links > 1 ? links.get(inode) : undefined;
    try {
      if (first !== undefined) linkSync(first, place);
      else if (!(await make(entry, from, place, mtime, tools))) {
        this.#scope.log(`left out device ${JSON.stringify(path)}: not permitted to this process`);
        return;
      }
      if (place !== to) renameSync(place, to);
    } catch (error) {
      rmSync(place, { force: true });
      throw writeError(to, error);
    }
    if (entry.stat.links > 1 && first === undefined) links.set(inode, to);
  }

  #attestation({ name, bytes }: AttestationFile, prefix: string, mtime: bigint, { sys }: Tools): void {
    const path = prefix === "" ? name : `${prefix}/${name}`;
    const to = join(this.#root, path);
    this.#written.add(path);
    if (lstat(to)?.isDirectory() === true) rmSync(to, { recursive: true });
    const place = temporaryBeside(to);
    try {
      writeFileSync(place, bytes, { mode: 0o600, flag: "wx" });
      sys.utimensat(place, mtime, mtime);
      renameSync(place, to);
    } catch (error) {
      rmSync(place, { force: true });
      throw writeError(to, error);
    }
  }

  async #breathe(): Promise<void> {
    if (performance.now() < this.#breath) return;
    this.#scope.signal.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
    this.#breath = performance.now() + slice;
  }
}

function shownBelow(prefix: string, entry: TreeEntry): TreeEntry {
  if (prefix === "" || entry.linkTarget === undefined) return entry;
  return { ...entry, linkTarget: linkTargetBelow(prefix, entry.linkTarget) };
}

/** A full disk is told by write(2), which knows no path. */
function writeError(path: string, cause: unknown): unknown {
  if (cause instanceof CooperError || errnoOf(cause) === undefined) return cause;
  return new CooperError("export/write-failed", `write ${path}: ${reasonOf(cause)}`, { cause });
}

/** False for a device that this process may not make: it is left out, as when a layer is unpacked. */
async function make(
  entry: TreeEntry,
  from: string,
  to: string,
  mtime: bigint,
  { copyFileFast, sys }: Tools,
): Promise<boolean> {
  const { mode, size, rdev } = entry.stat;
  const uid = process.geteuid?.() ?? -1;
  const gid = process.getegid?.() ?? -1;
  if (entry.kind === "file") {
    await copyFileFast(from, to, size, { uid, gid, mode, mtime });
    return true;
  }
  if (entry.kind === "symlink") symlinkSync(entry.linkTarget ?? readlinkSync(from), to);
  else {
    const { fifo, character, block, regular } = sys.FileType;
    // Of a socket stays an empty file, as upstream has it.
    const type = { fifo, character, block, socket: regular }[entry.kind as "fifo"];
    try {
      sys.mknod(to, type | 0o600, rdev);
    } catch (error) {
      if (errnoOf(error) === "EPERM" && (entry.kind === "character" || entry.kind === "block")) return false;
      throw error;
    }
    chmodSync(to, mode);
  }
  sys.utimensat(to, mtime, mtime);
  return true;
}

/**
 * Extended attributes that the target's file system and the caller's rights allow; the others are left out. So are capabilities: upstream's
 * receiver loses them, as it sets the owner last.
 */
function copyAttributes(from: string, to: string, files: TreeFiles, { sys }: Tools): void {
  for (const name of files.attributeNames(from)) {
    if (name === "security.capability" || /^(trusted|user)\.overlay\./.test(name)) continue;
    const value = files.attribute(from, name);
    if (value === undefined) continue;
    try {
      sys.lsetxattr(to, name, value);
    } catch (error) {
      if (!["EPERM", "ENOTSUP", "EOPNOTSUPP"].includes(errnoOf(error) ?? "")) throw error;
    }
  }
}

function lstat(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}
