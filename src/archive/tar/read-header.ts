import type { TarEntryType, TarHeader } from "../contract.ts";
import { badTar, checksumOf, field, numberField, textField } from "./block.ts";
import { type PaxRecords, parsePaxNumber, parsePaxTime } from "./pax.ts";

/** What a header block says by itself, before extended headers are taken into account. */
export interface RawHeader {
  /** One of our types, or that of a block which describes its successor. */
  readonly type: TarEntryType | "pax" | "globalPax" | "longName" | "longLink";
  /** Bytes that follow in the archive, padding not counted. */
  readonly size: number;
  readonly block: Buffer;
}

/** Names that blocks before the entry gave it. */
export interface Extensions {
  pax?: PaxRecords;
  longName?: string;
  longLink?: string;
}

const types: Readonly<Record<string, RawHeader["type"]>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
  x: "pax",
  g: "globalPax",
  L: "longName",
  K: "longLink",
};

/** Checks a header block and tells what follows it. Throws `archive/bad-tar`. */
export function readRawHeader(block: Buffer): RawHeader {
  if (numberField(block, field.checksum) !== checksumOf(block)) throw badTar("a header's checksum is wrong");
  const flag = String.fromCharCode(block[156] as number);
  const type = types[flag];
  if (type === undefined) {
    throw badTar(flag === "S" ? "sparse files are not supported" : `unhandled tar header type ${flag.charCodeAt(0)}`);
  }
  const size = numberField(block, field.size);
  if (size < 0) throw badTar("a header has a negative size");
  return { type, size, block };
}

/** The entry that a header block and the extensions before it describe. Names are raw text (kit's raw-text.ts). Throws `archive/bad-tar`. */
export function readHeader(raw: RawHeader, { pax, longName, longLink }: Extensions): TarHeader {
  const { block } = raw;
  const text = (key: string) => pax?.texts.get(key) || undefined;
  if (pax !== undefined && isSparse(pax)) throw badTar("sparse files are not supported");
  const number = (key: string, at: readonly [number, number]) => {
    const given = text(key);
    return given === undefined ? numberField(block, at) : parsePaxNumber(given);
  };
  const name = text("path") ?? longName ?? nameOf(block);
  const type = raw.type === "file" && name.endsWith("/") ? "directory" : (raw.type as TarEntryType);
  const linkName = text("linkpath") ?? longLink ?? textField(block, field.linkName);
  const mtime = text("mtime");
  return {
    type,
    name,
    ...(linkName !== "" && { linkName }),
    mode: numberField(block, field.mode) & 0o7777,
    uid: checkedId(number("uid", field.uid)),
    gid: checkedId(number("gid", field.gid)),
    // Blocks of other types have no body whatever they say, as in Go.
    size: type === "file" ? number("size", field.size) : 0,
    mtime: mtime === undefined ? BigInt(numberField(block, field.mtime)) * 1_000_000_000n : parsePaxTime(mtime),
    ...((type === "character" || type === "block") && {
      device: { major: deviceNumber(block, field.major), minor: deviceNumber(block, field.minor) },
    }),
    ...(pax !== undefined && pax.xattrs.size > 0 && { xattrs: pax.xattrs }),
  };
}

function isSparse(pax: PaxRecords): boolean {
  return pax.texts.has("GNU.sparse.major") || pax.texts.has("GNU.sparse.map") || pax.texts.has("GNU.sparse.size");
}

/** ustar puts the front of a long name into `prefix`; GNU uses that place for something else; star ends it earlier. */
function nameOf(block: Buffer): string {
  const name = textField(block, field.name);
  if (block.toString("latin1", 257, 263) !== "ustar\0") return name;
  const star = block.toString("latin1", 508, 512) === "tar\0";
  const prefix = textField(block, star ? [345, 131] : field.prefix);
  return prefix === "" ? name : `${prefix}/${name}`;
}

function checkedId(id: number): number {
  if (id < 0 || id > 0xffff_fffe) throw badTar("an owner's id is out of range");
  return id;
}

function deviceNumber(block: Buffer, at: readonly [number, number]): number {
  const value = numberField(block, at);
  if (value < 0 || value > 0xffff_ffff) throw badTar("a device number is out of range");
  return value;
}
