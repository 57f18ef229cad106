import { type BigIntStats, linkSync } from "node:fs";
import type { TreeFiles } from "../../archive/index.ts";
import { hasWildcard, sha256Fields } from "../../kit/index.ts";
import type { FileOp } from "../../llb/index.ts";
import type { SnapshotId, Storage } from "../../storage/index.ts";
import type { Ref } from "../contract.ts";

const space = "copied-folder";
/** Files that changed so shortly before an earlier copy began are copied again: clocks of file systems are coarse. Milliseconds. */
const slack = 100;
/** A source with more directories than this is not remembered. */
const maxFolders = 20_000;

/** What is remembered of a copy: its result, when it began, and which directories (device and inode) it found where. */
interface Remembered {
  readonly id: SnapshotId;
  readonly began: number;
  readonly folders: Readonly<Record<string, string>>;
}

interface TargetFiles {
  readonly folder: string;
  readonly files: TreeFiles;
}

/** What a file must be like in the earlier result to be the same. */
export interface WantedFile {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: bigint;
}

/**
 * Lets a copy of a caller's folder take over files from the last result of the same copy: as hard links, which cost a tenth of
 * a copy. Snapshots never change, so they may share files. A file is taken over when nothing about it has changed since before the earlier
 * copy began (ctime, which no program can set back), it lies in the very same directories (a directory that was replaced brings
 * files with old times), and the earlier copy looks as the new one should. Only for a single copy of a directory onto nothing, without
 * wildcards: there each target has one source.
 */
export class CopyMemory {
  readonly #storage: Storage;
  readonly #key: string;
  readonly #began = Date.now();
  readonly #folders: Record<string, string> = {};
  #count = 0;
  readonly #earlier: (Remembered & { readonly tree: TargetFiles }) | undefined;

  private constructor(storage: Storage, key: string) {
    this.#storage = storage;
    this.#key = key;
    this.#earlier = this.#load();
  }

  static for(body: FileOp, inputs: readonly Ref[], storage: Storage): CopyMemory | undefined {
    const [step, more] = body.actions;
    if (step === undefined || more !== undefined || step.action.kind !== "copy") return undefined;
    if (step.input !== undefined && inputs[step.input]?.kind !== "scratch") return undefined;
    const source = step.secondaryInput === undefined ? undefined : inputs[step.secondaryInput];
    const { action } = step;
    if (source?.kind !== "folder" || (action.allowWildcard && hasWildcard(action.src))) return undefined;
    const what = JSON.stringify([action, source], (_, value) => (typeof value === "bigint" ? `${value}` : value));
    return new CopyMemory(storage, sha256Fields("copy 1", what));
  }

  /** Notes a directory that is copied, by its path below the start; true when the earlier copy found the same one there. */
  enter(path: string, stat: BigIntStats): boolean {
    const identity = `${stat.dev}:${stat.ino}`;
    if (this.#count++ < maxFolders) this.#folders[path] = identity;
    return this.#earlier?.folders[path] === identity;
  }

  /** Makes `target` (relative path `path` in the result) a link to the earlier copy when that is the same; false: copy it. */
  link(source: BigIntStats, path: string, target: string, wanted: WantedFile, files: TreeFiles): boolean {
    const earlier = this.#earlier;
    if (earlier === undefined || source.ctimeNs >= BigInt(earlier.began - slack) * 1_000_000n) return false;
    const candidate = `${earlier.tree.folder}/${path}`;
    const stat = earlier.tree.files.lstat(candidate);
    if (stat === undefined || !stat.isFile() || stat.size !== source.size || stat.mtimeNs !== wanted.mtime)
      return false;
    if (Number(stat.mode) % 0o10000 !== wanted.mode) return false;
    if (Number(stat.uid) !== wanted.uid || Number(stat.gid) !== wanted.gid) return false;
    try {
      linkSync(candidate, target);
    } catch {
      // Removed meanwhile, or too many links: then it is copied.
      return false;
    }
    files.adopt(target, earlier.tree.files, candidate);
    return true;
  }

  /** To be called when the copy is done. */
  remember(id: SnapshotId): void {
    if (this.#count === 0 || this.#count > maxFolders) return;
    const remembered: Remembered = { id, began: this.#began, folders: this.#folders };
    this.#storage.records.set(space, this.#key, JSON.stringify(remembered));
  }

  #load() {
    const text = this.#storage.records.get(space, this.#key);
    if (text === undefined) return undefined;
    const remembered = JSON.parse(text) as Remembered;
    if (this.#storage.snapshots.get(remembered.id) === undefined) return undefined;
    return { ...remembered, tree: this.#storage.snapshots.changes(remembered.id) };
  }
}
