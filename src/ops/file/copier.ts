import type { FilterState, PathFilter, TreeFiles } from "../../archive/index.ts";
import {
  CooperError,
  lstatIfThere,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from "../../kit/index.ts";
import { copyFileFast, type SeenStat } from "../../storage/index.ts";
import { FileType, SysError, utimensat } from "../../sys/index.ts";
import type { CopyMemory } from "./copy-memory.ts";
import type { Owner, TargetTree } from "./make-folders.ts";
import type { ModeChange } from "./mode-change.ts";
import type { SourceTree } from "./source-tree.ts";

export interface CopyRules {
  /** Undefined: as the source has it. */
  readonly owner: Owner | undefined;
  readonly mode: ModeChange | undefined;
  /** Nanoseconds; undefined: the source's. */
  readonly time: bigint | undefined;
  /** The action's own patterns, matched against paths from where the copy began; undefined: all of it. */
  readonly filter: PathFilter | undefined;
  /** What is in the way goes, whatever it is. Otherwise a directory and a file never take each other's place. */
  readonly replace: boolean;
  /** What an earlier run of this copy left. */
  readonly memory?: CopyMemory | undefined;
}

/** How long the event loop is held at a time, in milliseconds. */
const turnLength = 10;

/** A source directory on the way down; made in the target when something in it is copied, at the latest. */
interface Level {
  readonly parent: Level | undefined;
  readonly stat: SeenStat;
  readonly source: string;
  readonly target: string;
  /** `made`: new; `there`: it was there before. */
  state: "pending" | "made" | "there";
  /** Of the context's filter, and of the action's. */
  readonly inTree: FilterState | undefined;
  readonly inAction: FilterState | undefined;
  /** Whether one that was there takes on the source's metadata. The top one does not. */
  readonly overwrite: boolean;
  /** The action's patterns pick it, not only something in it. */
  readonly picked: boolean;
  /** The very directory that the earlier copy found here. */
  readonly known: boolean;
  /** All files in it are those that the earlier copy found. */
  unchanged: boolean;
}

/**
 * Copies files and directories with upstream's rules (fsutil's copy): directories are merged, files replaced, hard links among the copied
 * stay links. Synchronous calls, as 20,000 promises would cost more than the copying; the event loop gets its turn regularly.
 */
export class Copier {
  readonly #tree: SourceTree;
  readonly #rules: CopyRules;
  readonly #signal: AbortSignal;
  readonly #targetRoot: string;
  readonly #files: TreeFiles;
  readonly #linked = new Map<string, string>();
  #turnEnd = performance.now() + turnLength;

  constructor(tree: SourceTree, target: TargetTree, rules: CopyRules, signal: AbortSignal) {
    this.#tree = tree;
    this.#targetRoot = target.path;
    this.#files = target.files;
    this.#rules = rules;
    this.#signal = signal;
  }

  /** Copies what is at the host path `source`, which exists in the tree, to the host path `target`, whose parent exists. */
  async copy(source: string, target: string): Promise<void> {
    const path = this.#tree.relative(source);
    const verdict = this.#tree.filtered ? this.#tree.verdict(path) : undefined;
    const stat = this.#tree.stat(source);
    if (!stat.isDirectory()) {
      if (verdict?.picked === false) return;
      await this.#copyLeaf(source, target, stat, undefined);
      return;
    }
    const top: Level = {
      parent: undefined,
      ...{ stat, source, target, overwrite: false, picked: true, inTree: verdict?.state, inAction: undefined },
      known: this.#rules.memory?.enter("", stat) ?? false,
      unchanged: false,
      state: "pending",
    };
    this.#makeLevel(top);
    await this.#copyContents(top, path, "");
  }

  /** `path` is relative to the tree's root, `inner` to where the copy began (action patterns are matched against that). */
  async #copyContents(level: Level, path: string, inner: string): Promise<void> {
    const seen = this.#tree.seen?.children(path, level.stat);
    const names = seen?.names ?? readdirSync(level.source);
    if (seen !== undefined) level.unchanged = (this.#rules.memory?.sameFiles(inner, seen) ?? false) && level.known;
    for (const [index, name] of names.entries()) {
      if (performance.now() > this.#turnEnd) await this.#breathe();
      const waiting = this.#copyChild(level, name, join(path, name), join(inner, name), seen?.stat(index));
      if (waiting !== undefined) await waiting;
    }
    this.#finishLevel(level);
  }

  /** `seen`: how the file was a moment ago, when its directory is still the same. */
  #copyChild(
    level: Level,
    name: string,
    path: string,
    inner: string,
    seen: SeenStat | undefined,
  ): Promise<void> | undefined {
    const source = `${level.source}/${name}`;
    const target = `${level.target}/${name}`;
    const stat = seen ?? this.#tree.stat(source);
    const directory = stat.isDirectory();
    const inTree = this.#tree.filtered ? this.#tree.below(path, level.inTree, directory) : undefined;
    if (inTree?.empty === true) return undefined;
    const inAction = directory ? this.#rules.filter?.newState() : undefined;
    const verdict = this.#rules.filter?.judge(inner, level.inAction, inAction) ?? "in";
    if (verdict === "out") return undefined;
    const picked = verdict === "in" && (inTree?.picked ?? true);
    if (!directory) {
      if (!picked) return undefined;
      this.#makeLevel(level);
      return this.#copyLeaf(source, target, stat, level);
    }
    const below: Level = {
      ...{ parent: level, stat, source, target, overwrite: true, picked: verdict === "in" },
      ...{ inTree: inTree?.state, inAction },
      known: (this.#rules.memory?.enter(inner, stat) ?? false) && level.known,
      unchanged: false,
      state: "pending",
    };
    if (picked) this.#makeLevel(below);
    return this.#copyContents(below, path, inner);
  }

  #makeLevel(level: Level): void {
    if (level.state !== "pending") return;
    if (level.parent !== undefined) this.#makeLevel(level.parent);
    const there = level.parent?.state === "made" ? undefined : lstatIfThere(level.target);
    if (there?.isDirectory()) {
      level.state = "there";
      return;
    }
    if (there !== undefined && !this.#rules.replace) {
      throw this.#refusal(`cannot copy to non-directory: ${this.#shown(level.target)}`);
    }
    if (there !== undefined) rmSync(level.target, { recursive: true, force: true });
    this.#files.mkdir(level.target, 0o700);
    level.state = "made";
  }

  /** After its content, as that changes a directory's times. */
  #finishLevel(level: Level): void {
    if (level.state === "pending") return;
    const { source, target } = level;
    const stat = this.#tree.ownedByRoot && source === this.#tree.root ? receivingFolder(level.stat) : level.stat;
    if (!level.picked) this.#finishPassed(level);
    else if (level.state === "made" || level.overwrite) this.#copyMetadata(source, target, stat);
    else this.#copyTime(target, stat);
  }

  /** Of a directory that was only passed on the way to what is picked, the time stays that of the last file in it: upstream copies it before that. */
  #finishPassed({ state, source, target, stat }: Level): void {
    if (state === "made") this.#copyRights(source, target, stat);
    else this.#files.chmod(target, Number(stat.mode) & 0o7777);
  }

  #copyLeaf(source: string, target: string, stat: SeenStat, level: Level | undefined): Promise<void> | undefined {
    if (level?.state !== "made") this.#makeRoom(target);
    // Upstream finds links among regular files only: links to one symbolic link become several.
    if (stat.isFile() && stat.nlink > 1n && this.#link(stat, target)) return undefined;
    if (stat.isFile()) return this.#copyFile(source, target, stat, level);
    if (stat.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    // A socket is nothing without its listener: an empty file takes its place, as upstream has it.
    else if (stat.isSocket()) this.#files.mknod(target, FileType.regular | 0o600, 0n);
    else this.#files.mknod(target, (Number(stat.mode) & FileType.mask) | 0o600, stat.rdev);
    this.#copyMetadata(source, target, stat);
    return undefined;
  }

  /** True when another name of the same file was copied before. */
  #link(stat: SeenStat, target: string): boolean {
    const key = `${stat.dev}:${stat.ino}`;
    const first = this.#linked.get(key);
    if (first === undefined) this.#linked.set(key, target);
    else this.#files.link(first, target);
    return first !== undefined;
  }

  #copyFile(source: string, target: string, stat: SeenStat, level: Level | undefined): Promise<void> | undefined {
    const path = target.slice(this.#targetRoot.length + 1);
    const { memory } = this.#rules;
    if (level?.unchanged === true && memory?.linkUnchanged(path, target, this.#files)) return undefined;
    const mode = this.#mode(stat);
    const attributes = { ...this.#owner(stat), mode, mtime: this.#rules.time ?? stat.mtimeNs };
    if (level?.known === true && memory?.link(stat, path, target, attributes, this.#files)) return undefined;
    const waiting = copyFileFast(source, target, Number(stat.size), attributes, this.#files);
    if (waiting !== undefined) return waiting.then(() => this.#copyAttributes(source, target));
    this.#copyAttributes(source, target);
    return undefined;
  }

  #makeRoom(target: string): void {
    const there = lstatIfThere(target);
    if (there === undefined) return;
    if (there.isDirectory() && !this.#rules.replace) {
      throw this.#refusal(`cannot replace to directory ${this.#shown(target)} with file`);
    }
    if (there.isDirectory()) rmSync(target, { recursive: true, force: true });
    else unlinkSync(target);
  }

  #copyMetadata(source: string, target: string, stat: SeenStat): void {
    this.#copyRights(source, target, stat);
    this.#copyTime(target, stat);
  }

  #copyRights(source: string, target: string, stat: SeenStat): void {
    const { uid, gid } = this.#owner(stat);
    this.#files.chown(target, uid, gid);
    if (!stat.isSymbolicLink()) this.#files.chmod(target, this.#mode(stat));
    this.#copyAttributes(source, target);
  }

  #copyTime(target: string, stat: SeenStat): void {
    const time = this.#rules.time ?? stat.mtimeNs;
    utimensat(target, time, time);
  }

  #owner(stat: SeenStat): Owner {
    if (this.#rules.owner !== undefined) return this.#rules.owner;
    return this.#tree.ownedByRoot ? { uid: 0, gid: 0 } : { uid: Number(stat.uid), gid: Number(stat.gid) };
  }

  #mode(stat: SeenStat): number {
    const mode = Number(stat.mode) & 0o7777;
    return this.#rules.mode === undefined ? mode : this.#rules.mode(mode, stat.isDirectory());
  }

  /**
   * What may not be set here, or means something to overlayfs itself, is left out. Capabilities of a caller's files as well: they do not
   * survive the way to upstream's daemon.
   */
  #copyAttributes(source: string, target: string): void {
    const { files, ownedByRoot } = this.#tree;
    for (const name of files.attributeNames(source)) {
      if (ownedByRoot && name === "security.capability") continue;
      const value = name.startsWith("trusted.overlay.") ? undefined : files.attribute(source, name);
      if (value === undefined) continue;
      try {
        this.#files.setAttribute(target, name, value);
      } catch (error) {
        if (!(error instanceof SysError && ["EPERM", "ENOTSUP", "EINVAL"].includes(error.code))) throw error;
      }
    }
  }

  async #breathe(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#signal.throwIfAborted();
    this.#turnEnd = performance.now() + turnLength;
  }

  #shown(path: string): string {
    return path.slice(this.#targetRoot.length) || "/";
  }

  #refusal(message: string): CooperError {
    return new CooperError("ops/file-failed", message);
  }
}

/** A caller's folder itself is never sent: its content is found in one of the receiver's, made with the usual mode just now. */
function receivingFolder(stat: SeenStat): SeenStat {
  const mode = { value: (stat.mode & ~0o7777n) | 0o755n };
  return Object.create(stat, { mode, mtimeNs: { value: BigInt(Date.now()) * 1_000_000n } });
}

function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
