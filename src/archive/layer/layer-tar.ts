import type { Bytes, Scope } from "../../kit/index.ts";
import type { Buffers } from "../compress/buffers.ts";
import type { LayerChanges, LayerTarOptions, TarHeader, TarSource } from "../contract.ts";
import { tarStream } from "../tar/tar-stream.ts";
import { fileHeader } from "../tree/file-header.ts";
import { kernelFiles, type TreeFiles } from "../tree/tree-files.ts";
import { attributesOf } from "../tree/tree-tar.ts";
import { type Change, changesOf } from "./changes.ts";
import type { Found } from "./layered-tree.ts";
import { whiteoutPrefix } from "./whiteout.ts";

/**
 * The layer tar of a snapshot's changes, with the bytes that containerd's differ gives: whole seconds, `security.capability` as
 * only attribute, no owner names, sockets left out, parents of changed files included.
 */
export function layerTar(
  changes: LayerChanges,
  options: LayerTarOptions,
  scope: Pick<Scope, "signal">,
  buffers?: Buffers,
): Bytes {
  const view = changes.form === "overlay" ? changes.upper : changes.tree;
  const files = changes.form === "overlay" ? undefined : changes.files;
  return tarStream(layerEntries(changesOf(changes), { view, files: files ?? kernelFiles }, options), scope, buffers);
}

function* layerEntries(changes: Iterable<Change>, view: View, options: LayerTarOptions): Generator<TarSource> {
  const entries = new LayerEntries(view, options);
  for (const change of changes) yield* entries.of(change);
}

/** The folder that shows the directories of the tree. */
interface View {
  readonly view: string;
  readonly files: TreeFiles;
}

/** Turns changes into entries; remembers which directories and which inodes it has written. */
class LayerEntries {
  readonly #view: View;
  readonly #options: LayerTarOptions;
  readonly #folders = new Set<string>();
  /** First name of each inode with several names. */
  readonly #firstNames = new Map<bigint, string>();
  /** Unchanged names of an inode, told in case a later name of it is written. */
  readonly #otherNames = new Map<bigint, string[]>();

  constructor(view: View, options: LayerTarOptions) {
    this.#view = view;
    this.#options = options;
  }

  *of(change: Change): Generator<TarSource> {
    const name = change.path.slice(1);
    if (change.kind === "delete") yield* this.#whiteout(name);
    else yield* this.#file(name, change.file, change.kind === "unchanged");
  }

  *#whiteout(name: string): Generator<TarSource> {
    yield* this.#parents(name);
    const slash = name.lastIndexOf("/") + 1;
    const whiteout = name.slice(0, slash) + whiteoutPrefix + name.slice(slash);
    yield { header: { type: "file", name: whiteout, mode: 0, uid: 0, gid: 0, size: 0, mtime: 0n } };
  }

  *#file(name: string, file: Found, unchanged: boolean): Generator<TarSource> {
    const header = headerOf(name, file, this.#options);
    if (header === undefined) return;
    const linked = file.stat.nlink > 1n && header.type !== "directory";
    const first = linked ? this.#firstNames.get(file.stat.ino) : undefined;
    if (first === undefined && unchanged) {
      if (linked) this.#otherNames.set(file.stat.ino, [...(this.#otherNames.get(file.stat.ino) ?? []), name]);
      return;
    }
    yield* this.#parents(name);
    if (header.type === "directory") this.#folders.add(name);
    if (first !== undefined) {
      yield { header: asLink(header, first) };
      return;
    }
    yield header.size > 0 ? { header, body: { file: file.path } } : { header };
    if (linked) yield* this.#otherLinks(name, header, file.stat.ino);
  }

  *#otherLinks(name: string, header: TarHeader, inode: bigint): Generator<TarSource> {
    this.#firstNames.set(inode, name);
    const others = this.#otherNames.get(inode) ?? [];
    this.#otherNames.delete(inode);
    for (const other of others) {
      yield* this.#parents(other);
      yield { header: { ...asLink(header, name), name: other } };
    }
  }

  /** The directories above a name that are not in the layer yet. */
  *#parents(name: string): Generator<TarSource> {
    const slash = name.lastIndexOf("/");
    if (slash < 0) return;
    const parent = name.slice(0, slash);
    if (this.#folders.has(parent)) return;
    yield* this.#parents(parent);
    this.#folders.add(parent);
    const { view, files } = this.#view;
    const path = `${view}/${parent}`;
    const stat = files.lstat(path);
    const header = stat && headerOf(parent, { path, stat, files }, this.#options);
    if (header !== undefined) yield { header };
  }
}

/** The entry of a file as a layer has it; undefined for a socket. */
function headerOf(name: string, file: Found, { latestMtime, allAttributes }: LayerTarOptions): TarHeader | undefined {
  const header = fileHeader(name, file.path, file.stat);
  if (header === undefined) return undefined;
  const xattrs = allAttributes === true ? attributesOf(file.path, file.files) : layerAttributes(header, file);
  const latest = latestMtime === undefined ? undefined : BigInt(latestMtime) * 1_000_000_000n;
  return {
    ...header,
    ...(latest !== undefined && header.mtime > latest && { mtime: latest }),
    ...(xattrs !== undefined && { xattrs }),
  };
}

function layerAttributes(header: TarHeader, { path, files }: Found): TarHeader["xattrs"] {
  const capability = header.type === "file" ? files.attribute(path, "security.capability") : undefined;
  return capability && new Map([["security.capability", capability]]);
}

function asLink(header: TarHeader, linkName: string): TarHeader {
  return { ...header, type: "hardlink", linkName, size: 0 };
}
