import type { TreeFiles } from "../../archive/index.ts";
import { hasWildcard, linkSync, sha256Fields } from "../../kit/index.ts";
import type { FileOp } from "../../llb/index.ts";
import type { SeenChildren, SeenStat, SnapshotId, Storage } from "../../storage/index.ts";
import type { Ref } from "../contract.ts";
import type { SeenInputs } from "./file-recipe.ts";

const space = "copied-folder";
/** Files that changed so shortly before an earlier copy began are copied again: clocks of file systems are coarse. Milliseconds. */
const slack = 100n;
/** The same where stamps have whole (FAT: even) seconds only. */
const coarseSlack = 2_500n;
/** A source with more directories than this is not remembered. */
const maxFolders = 20_000;

/** What is remembered of a copy: its result, when it began, and which directories it found where: device and
 * inode, and the fingerprint of the files in it. */
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
  readonly #began: number;
  readonly #folders: Record<string, string> = {};
  #count = 0;
  readonly #earlier: (Remembered & { readonly tree: TargetFiles }) | undefined;

  private constructor(storage: Storage, key: string, began: number) {
    this.#storage = storage;
    this.#key = key;
    this.#began = began;
    this.#earlier = this.#load();
  }

  static for(body: FileOp, inputs: readonly Ref[], storage: Storage, seen: SeenInputs): CopyMemory | undefined {
    const [step, more] = body.actions;
    if (step === undefined || more !== undefined || step.action.kind !== "copy") return undefined;
    if (step.input !== undefined && inputs[step.input]?.kind !== "scratch") return undefined;
    const source = step.secondaryInput === undefined ? undefined : inputs[step.secondaryInput];
    const { action } = step;
    if (source?.kind !== "folder" || (action.allowWildcard && hasWildcard(action.src))) return undefined;
    const what = JSON.stringify([action, source], (_, value) => (typeof value === "bigint" ? `${value}` : value));
    // What the copy is told of a moment ago counts as looked at then.
    const began = seen.get(step.secondaryInput ?? -1)?.since ?? Date.now();
    return new CopyMemory(storage, sha256Fields("copy 1", what), began);
  }

  /** Notes a directory that is copied, by its path below the start; true when the earlier copy found the same one there. */
  enter(path: string, stat: SeenStat): boolean {
    const identity = `${stat.dev}:${stat.ino}`;
    if (this.#count++ < maxFolders) this.#folders[path] = identity;
    const there = this.#earlier?.folders[path];
    return there === identity || there?.startsWith(`${identity} `) === true;
  }

  /**
   * Notes the files of a directory that was entered; true when they are, all of them and with all their stamps, what the earlier copy found
   * there. Not when one of them changed so lately that it could change again unseen.
   */
  sameFiles(path: string, children: SeenChildren): boolean {
    const entered = this.#folders[path];
    if (entered === undefined || children.settled >= this.#began) return false;
    const noted = `${entered} ${children.fingerprint()}`;
    this.#folders[path] = noted;
    return this.#earlier?.folders[path] === noted;
  }

  /** `link` for a file of a directory of which `sameFiles` is true. */
  linkUnchanged(path: string, target: string, files: TreeFiles): boolean {
    return this.#earlier !== undefined && linkTo(this.#earlier.tree, path, target, files);
  }

  /** Makes `target` (relative path `path` in the result) a link to the earlier copy when that is the same; false: copy it. */
  link(source: SeenStat, path: string, target: string, wanted: WantedFile, files: TreeFiles): boolean {
    const earlier = this.#earlier;
    if (earlier === undefined || isAfter(source, earlier.began)) return false;
    const candidate = `${earlier.tree.folder}/${path}`;
    const stat = earlier.tree.files.lstat(candidate);
    if (stat === undefined || !stat.isFile() || stat.size !== source.size || stat.mtimeNs !== wanted.mtime)
      return false;
    if (Number(stat.mode) % 0o10000 !== wanted.mode) return false;
    if (Number(stat.uid) !== wanted.uid || Number(stat.gid) !== wanted.gid) return false;
    return linkTo(earlier.tree, path, target, files);
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

function isAfter(stat: SeenStat, began: number): boolean {
  const margin = stat.ctimeNs % 1_000_000_000n === 0n ? coarseSlack : slack;
  return stat.ctimeNs >= (BigInt(began) - margin) * 1_000_000n;
}

function linkTo(earlier: TargetFiles, path: string, target: string, files: TreeFiles): boolean {
  const candidate = `${earlier.folder}/${path}`;
  try {
    linkSync(candidate, target);
  } catch {
    // Removed meanwhile, or too many links: then it is copied.
    return false;
  }
  files.adopt(target, earlier.files, candidate);
  return true;
}
