import { type Digest, sha256 } from "../../kit/index.ts";
import { goJson } from "../../oci/index.ts";
import type { TarEntryType, TarHeader } from "../contract.ts";

/** What the tar's last entry is called that holds the table of contents. */
export const tocName = "stargz.index.json";

const types: Readonly<Record<TarEntryType, string>> = {
  file: "reg",
  directory: "dir",
  symlink: "symlink",
  hardlink: "hardlink",
  character: "char",
  block: "block",
  fifo: "fifo",
};
const noBytes = sha256("");

/** Of an entry, what `TarHeader` does not tell as the archive has it. */
export interface RawFacts {
  readonly mode: number;
  readonly userName: string;
  readonly groupName: string;
}

/** Bytes of a file that can be read without the ones before. */
export interface Piece {
  /** Which one of the gzip members begins with them. */
  readonly member: number;
  readonly offset: number;
  /** Undefined: up to the file's end. */
  readonly size: number | undefined;
  readonly digest: Digest;
}

type Value = string | number | Record<string, string> | undefined;
type Fields = Readonly<Record<string, Value>>;
interface Line {
  readonly before: Fields;
  readonly piece: Piece | undefined;
  readonly digest: Digest | undefined;
}

/**
 * eStargz's table of contents (stargz-snapshotter, docs/estargz.md, "TOC"): for each entry of a tar its metadata, and where its bytes begin in
 * the compressed blob. As JSON, byte for byte what Go's library writes when the members have the same places.
 */
export class Toc {
  readonly #lines: Line[] = [];
  readonly #users = new Map<number, string>();
  readonly #groups = new Map<number, string>();

  /** An entry; `pieces` of a file that has bytes, the first at 0, and the digest of all of them. */
  add(header: TarHeader, raw: RawFacts, pieces: readonly Piece[], digest: Digest | undefined): void {
    const { type, name, linkName, uid, gid, device, size } = header;
    const before: Fields = {
      name,
      type: types[type],
      size,
      modtime: timeOf(header.mtime),
      linkName: type === "symlink" || type === "hardlink" ? linkName : undefined,
      mode: raw.mode,
      uid,
      gid,
      userName: ifNew(this.#users, uid, raw.userName),
      groupName: ifNew(this.#groups, gid, raw.groupName),
      devMajor: device?.major,
      devMinor: device?.minor,
      xattrs: attributesOf(header),
    };
    const whole = digest ?? (type === "file" ? noBytes : undefined);
    this.#lines.push({ before, piece: pieces[0], digest: whole });
    for (const piece of pieces.slice(1)) {
      this.#lines.push({ before: { name, type: "chunk" }, piece, digest: undefined });
    }
  }

  /** `places`: where each member begins. */
  encode(places: readonly number[]): Buffer {
    const lines = this.#lines.map((line) => encodeEntry(line, places));
    // Go's list of nothing.
    const entries = lines.length === 0 ? ["null"] : ["[\n", ...separated(lines), "\n\t]"];
    const parts = ['{\n\t"version": 1,\n\t"entries": ', ...entries, "\n}"];
    return Buffer.concat(parts.map((part) => Buffer.from(part)));
  }
}

function separated(lines: readonly string[]): string[] {
  return lines.map((line, at) => (at === 0 ? line : `,\n${line}`));
}

function encodeEntry({ before, piece, digest }: Line, places: readonly number[]): string {
  const { devMajor, devMinor, xattrs, ...first } = before;
  const fields: Fields = {
    ...first,
    offset: piece && places[piece.member],
    devMajor,
    devMinor,
    xattrs,
    digest,
    chunkOffset: piece?.offset,
    chunkSize: piece?.size,
    chunkDigest: piece?.digest,
  };
  const told = Object.entries(fields).filter(([, value]) => value !== undefined && value !== 0 && value !== "");
  return `\t\t{\n${told.map(([key, value]) => `\t\t\t"${key}": ${encodeValue(value)}`).join(",\n")}\n\t\t}`;
}

function encodeValue(value: Value): string {
  if (typeof value !== "object") return goJson(value);
  const fields = Object.entries(value).map(([key, part]) => `\t\t\t\t${goJson(key)}: ${goJson(part)}`);
  return `{\n${fields.join(",\n")}\n\t\t\t}`;
}

/** A name stands only where its id had another one before. */
function ifNew(known: Map<number, string>, id: number, name: string): string {
  if (name === "" || known.get(id) === name) return "";
  known.set(id, name);
  return name;
}

/** Whole seconds, rounded; the epoch itself counts as none. */
function timeOf(mtime: bigint): string | undefined {
  const seconds = mtime / 1_000_000_000n;
  if (seconds === 0n && mtime >= 0n) return undefined;
  const rounded = Number((mtime + 500_000_000n) / 1_000_000_000n);
  const time = new Date(rounded * 1000);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString().replace(".000Z", "Z");
}

function attributesOf({ xattrs }: TarHeader): Record<string, string> | undefined {
  if (xattrs === undefined || xattrs.size === 0) return undefined;
  const sorted = [...xattrs].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, value]) => [name, value.toString("base64")]));
}
