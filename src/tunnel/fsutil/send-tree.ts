import { open } from "node:fs/promises";
import { type TreeEntry, type WalkFilter, walkTree } from "../../archive/index.ts";
import { fsutil, type MessageStream } from "../../grpc/index.ts";
import { CooperError, errnoOf, linkTargetBelow, messageOf, rawBytes, type Scope, settleAll } from "../../kit/index.ts";
import { lgetxattr, llistxattr, splitDevice } from "../../sys/index.ts";
import { contentFrame, contentHead, smallFile } from "./content-frame.ts";
import { toGoMode } from "./go-mode.ts";

type Packets = MessageStream<fsutil.Packet, fsutil.Packet>;

/** Files up to this size are read at once; larger ones in pieces of it. */
const pieceSize = 512 * 1024;
const smallSize = 64 * 1024;
/** Files that are read at the same time. */
const readers = 4;
/** After so many entries of the walk other work gets its turn. */
const entriesPerTurn = 128;

/** A file whose content the other side may ask for. */
interface Offered {
  readonly path: string;
  readonly size: number;
}

/** How the tree is shown to the other side. */
export interface SendOptions {
  /** The name of a folder that it is in there; empty: none. */
  readonly prefix?: string;
  /** What every time is, in nanoseconds since 1970; undefined: as they are. */
  readonly time?: bigint | undefined;
  /** Told of the bytes of files sent so far. */
  readonly update?: ((bytes: number) => void) | undefined;
}

/**
 * Sends the tree that the filter picks from `root`, by fsutil's protocol: what there is first, contents when asked for, until the
 * other side says that it has all. Owners are sent as root, hard links as links to the first of them. Throws
 * `session/transfer-failed` when the other side fails.
 */
export async function sendTree(
  root: string,
  filter: WalkFilter,
  packets: Packets,
  outer: Scope,
  options: SendOptions = {},
): Promise<void> {
  // Asked for every packet, a signal that is made of several takes longer to answer than the packet.
  const controller = new AbortController();
  const scope: Scope = { ...outer, signal: controller.signal };
  const stop = () => {
    controller.abort(outer.signal.reason);
    packets.fail(outer.signal.reason);
  };
  outer.signal.throwIfAborted();
  outer.signal.addEventListener("abort", stop, { once: true });
  try {
    await exchange(root, filter, packets, scope, options);
  } finally {
    outer.signal.removeEventListener("abort", stop);
  }
}

async function exchange(
  root: string,
  filter: WalkFilter,
  packets: Packets,
  scope: Scope,
  options: SendOptions,
): Promise<void> {
  let bytes = 0;
  const offered = new Map<number, Offered>();
  const wanted = new Wanted();
  const lane = async () => {
    for (let id = await wanted.next(); id !== undefined; id = await wanted.next()) {
      const file = offered.get(id);
      if (file === undefined) throw new CooperError("session/transfer-failed", `invalid file id ${id}`);
      offered.delete(id);
      await sendFile(root, id, file, packets, scope);
      bytes += file.size;
      options.update?.(bytes);
    }
  };
  const listen = async () => {
    try {
      await answerRequests(packets, wanted);
    } finally {
      wanted.close();
    }
  };
  const lanes = Array.from({ length: readers }, () => lane);
  await settleAll([() => announce(root, filter, packets, offered, scope, options), listen, ...lanes], (error) => {
    wanted.close();
    packets.fail(error);
  });
}

async function announce(
  root: string,
  filter: WalkFilter,
  packets: Packets,
  offered: Map<number, Offered>,
  scope: Scope,
  { prefix = "", time }: SendOptions,
): Promise<void> {
  const seen = new Map<string, string>();
  const within = prefix === "" ? "" : `${prefix}/`;
  let id = 0;
  try {
    if (prefix !== "") {
      const stat = { path: prefix, mode: toGoMode("directory", 0o755), modTime: time ?? 0n };
      await packets.send({ type: fsutil.PacketType.STAT, stat });
      id++;
    }
    for (const entry of walkTree(root, filter)) {
      if (entry.kind === "socket") continue;
      const stat = statOf(root, entry, seen);
      if (entry.kind === "file") offered.set(id, { path: entry.path, size: Number(stat.size) });
      id++;
      const linkname = prefix === "" ? stat.linkname : linkBelow(prefix, entry, stat.linkname);
      const shown = { ...stat, path: within + stat.path, linkname, modTime: time ?? stat.modTime };
      await packets.send({ type: fsutil.PacketType.STAT, stat: within === "" && time === undefined ? stat : shown });
      if (id % entriesPerTurn === 0) await turn(scope);
    }
    await packets.send({ type: fsutil.PacketType.STAT });
  } catch (error) {
    await packets.send({ type: fsutil.PacketType.ERR, data: Buffer.from(messageOf(error)) });
    throw error;
  }
}

/** What a link leads to, when the tree is shown in the folder `prefix`: of a file's further name the first one. */
function linkBelow(prefix: string, entry: TreeEntry, target: string): string {
  if (target === "") return "";
  return entry.kind === "file" ? `${prefix}/${target}` : linkTargetBelow(prefix, target);
}

async function answerRequests(packets: Packets, wanted: Wanted): Promise<void> {
  for (;;) {
    const batch = await packets.read();
    if (batch === undefined) throw new CooperError("session/transfer-failed", "error from receiver: EOF");
    for (const { type, id, data } of batch) {
      if (type === fsutil.PacketType.REQ) wanted.add(id);
      else if (type === fsutil.PacketType.ERR) {
        throw new CooperError("session/transfer-failed", `error from receiver: ${Buffer.from(data).toString("utf8")}`);
      } else if (type === fsutil.PacketType.FIN) {
        await packets.send({ type: fsutil.PacketType.FIN });
        return;
      }
    }
  }
}

/** A file that cannot be read any more is sent as an empty one, as upstream does. */
async function sendFile(root: string, id: number, file: Offered, packets: Packets, scope: Scope): Promise<void> {
  const path = `${root}/${file.path}`;
  const small = file.size <= smallSize ? smallFile(path, id, file.size) : undefined;
  if (small === undefined) await sendPieces(path, id, packets, scope);
  await packets.sendFramed([small ?? contentFrame(id)]);
}

async function sendPieces(path: string, id: number, packets: Packets, scope: Scope): Promise<void> {
  const file = await open(rawBytes(path), "r").catch(() => undefined);
  if (file === undefined) return;
  try {
    for (;;) {
      scope.signal.throwIfAborted();
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(pieceSize), 0, pieceSize);
      if (bytesRead === 0) return;
      await packets.sendParts(contentHead(id, bytesRead), buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

function statOf(root: string, entry: TreeEntry, seen: Map<string, string>) {
  const { stat, kind, path } = entry;
  const first = kind === "file" && stat.links > 1 ? firstOfLinks(entry, seen) : undefined;
  const { major, minor } = kind === "character" || kind === "block" ? splitDevice(stat.rdev) : { major: 0, minor: 0 };
  return {
    path,
    mode: toGoMode(kind, kind === "symlink" ? 0o777 : stat.mode),
    size: kind === "directory" || first !== undefined ? 0n : BigInt(stat.size),
    modTime: stat.mtime,
    linkname: entry.linkTarget ?? first ?? "",
    devmajor: BigInt(major),
    devminor: BigInt(minor),
    xattrs: attributesOf(root, entry),
  };
}

/** What overlayfs notes for itself. */
const overlayAttribute = /^(?:trusted|user)\.overlay\./;
const noAttributes: ReadonlyMap<string, Uint8Array> = new Map();

/** Extended attributes as they are, but for what macOS and overlayfs leave. */
function attributesOf(root: string, { path }: TreeEntry): ReadonlyMap<string, Uint8Array> {
  const full = `${root}/${path}`;
  const names = namesAt(full);
  if (names.length === 0) return noAttributes;
  const found = new Map<string, Uint8Array>();
  for (const name of names) {
    const left = name.startsWith("com.apple.") || overlayAttribute.test(name);
    const value = left ? undefined : lgetxattr(full, name);
    if (value !== undefined) found.set(name, value);
  }
  return found;
}

/** None on a file system without attributes, and none of a file that went meanwhile. */
function namesAt(path: string): readonly string[] {
  try {
    return llistxattr(path);
  } catch (error) {
    if (["ENOTSUP", "ENOENT", "EPERM", "EACCES"].includes(errnoOf(error) ?? "")) return [];
    throw error;
  }
}

function firstOfLinks({ stat, path }: TreeEntry, seen: Map<string, string>): string | undefined {
  const inode = `${stat.device}:${stat.inode}`;
  const first = seen.get(inode);
  if (first === undefined) seen.set(inode, path);
  return first;
}

async function turn(scope: Scope): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  scope.signal.throwIfAborted();
}

/** Ids that were asked for, handed to whoever is free. */
class Wanted {
  #ids: number[] = [];
  #at = 0;
  #closed = false;
  #waiting: (() => void)[] = [];

  add(id: number): void {
    this.#ids.push(id);
    this.#waiting.shift()?.();
  }

  close(): void {
    this.#closed = true;
    for (const wake of this.#waiting) wake();
    this.#waiting = [];
  }

  async next(): Promise<number | undefined> {
    for (;;) {
      const id = this.#ids[this.#at];
      if (id !== undefined) {
        this.#at++;
        return id;
      }
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
