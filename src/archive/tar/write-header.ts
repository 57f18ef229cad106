import { CooperError, compareRaw } from "../../kit/index.ts";
import type { TarHeader } from "../contract.ts";
import { blockSize, checksumOf, type Field, field, padding } from "./block.ts";
import { formatPaxRecord, xattrPrefix } from "./pax.ts";

const typeFlags = {
  file: 0x30,
  hardlink: 0x31,
  symlink: 0x32,
  character: 0x33,
  block: 0x34,
  directory: 0x35,
  fifo: 0x36,
} as const;
const paxFlag = 0x78;
/** Go refuses longer extended headers, to write as to read. */
const longestExtended = 1024 * 1024;

/** The two empty blocks that end an archive. */
export const tarEnd: Buffer = Buffer.alloc(2 * blockSize);

/**
 * The header blocks of an entry, with the bytes that Go's archive/tar gives: a pax record for what ustar cannot hold,
 * nothing else; whole seconds only. A long name alone goes into ustar's `prefix` field where it can be split.
 * Throws `archive/cannot-write`.
 */
export function encodeTarHeader(header: TarHeader): Buffer {
  const name = header.type === "directory" && !header.name.endsWith("/") ? `${header.name}/` : header.name;
  const linkName = header.linkName ?? "";
  const seconds = floorSeconds(header.mtime);
  const records = paxRecords(header, name, linkName, seconds);
  const split = records.length === 1 && records[0]?.[0] === "path" ? splitName(name) : undefined;
  const block = Buffer.alloc(blockSize);
  putText(block, field.name, asciiOnly(split?.rest ?? name));
  putText(block, field.prefix, split?.prefix ?? "");
  putText(block, field.linkName, asciiOnly(linkName));
  block[156] = typeFlags[header.type];
  putOctal(block, field.mode, header.mode & 0o7777);
  putOctal(block, field.uid, header.uid);
  putOctal(block, field.gid, header.gid);
  putOctal(block, field.size, header.type === "file" ? header.size : 0);
  putOctal(block, field.mtime, seconds);
  putOctal(block, field.major, header.device?.major ?? 0);
  putOctal(block, field.minor, header.device?.minor ?? 0);
  seal(block);
  if (records.length === 0 || split !== undefined) return block;
  return Buffer.concat([extendedHeader(name, records), block]);
}

type Record = readonly [key: string, value: string | Uint8Array];

/** What does not fit into the block, in the order of the keys' bytes. */
function paxRecords(header: TarHeader, name: string, linkName: string, seconds: number): Record[] {
  const records: Record[] = [];
  if (!fitsText(name)) records.push(["path", name]);
  if (linkName !== "" && !fitsText(linkName)) records.push(["linkpath", linkName]);
  if (!fitsOctal(header.uid, 8)) records.push(["uid", String(header.uid)]);
  if (!fitsOctal(header.gid, 8)) records.push(["gid", String(header.gid)]);
  if (header.type === "file" && !fitsOctal(header.size, 12)) records.push(["size", String(header.size)]);
  if (!fitsOctal(seconds, 12)) records.push(["mtime", String(seconds)]);
  for (const [key, value] of header.xattrs ?? []) records.push([xattrPrefix + key, value]);
  if (name.includes("\0") || linkName.includes("\0")) {
    throw new CooperError(
      "archive/cannot-write",
      `cannot write tar entry ${JSON.stringify(name)}: a NUL found in a name`,
    );
  }
  return records.length < 2 ? records : records.sort(([a], [b]) => compareRaw(a, b));
}

function extendedHeader(name: string, records: readonly Record[]): Buffer {
  const data = Buffer.concat(records.map(([key, value]) => formatPaxRecord(key, value)));
  if (data.length > longestExtended) {
    throw new CooperError(
      "archive/cannot-write",
      `cannot write tar entry ${JSON.stringify(name)}: ${data.length} bytes of attributes found, at most ${longestExtended} wanted`,
    );
  }
  const block = Buffer.alloc(blockSize);
  putText(block, field.name, asciiOnly(extendedName(name)).slice(0, 100).replace(/\/+$/, ""));
  block[156] = paxFlag;
  for (const at of [field.mode, field.uid, field.gid, field.mtime]) putOctal(block, at, 0);
  putOctal(block, field.size, data.length);
  seal(block);
  return Buffer.concat([block, data, Buffer.alloc(padding(data.length))]);
}

/** `a/b` has `a/PaxHeaders.0/b`, a directory `a/b/` has `a/b/PaxHeaders.0`: Go's names, which no reader looks at. */
function extendedName(name: string): string {
  const slash = name.lastIndexOf("/");
  return [name.slice(0, Math.max(slash, 0)), "PaxHeaders.0", name.slice(slash + 1)]
    .filter((part) => part !== "")
    .join("/");
}

/** Go's split at the last slash that leaves both halves short enough. */
function splitName(name: string): { prefix: string; rest: string } | undefined {
  if (!isAscii(name)) return undefined;
  const reach = name.length > 156 ? 156 : name.endsWith("/") ? name.length - 1 : name.length;
  const slash = name.slice(0, reach).lastIndexOf("/");
  const rest = name.slice(slash + 1);
  if (slash <= 0 || slash > 155 || rest.length > 100 || rest.length === 0) return undefined;
  return { prefix: name.slice(0, slash), rest };
}

function seal(block: Buffer): void {
  block.write("ustar\0" + "00", 257, "latin1");
  putOctal(block, [148, 7], checksumOf(block));
  block[155] = 0x20;
}

/** Longer text is cut; a cut that leaves a slash at the end would look like a directory to some readers, so Go ends it before. */
function putText(block: Buffer, [offset, length]: Field, text: string): void {
  if (text === "") return;
  const cut = text.length > length && text[length - 1] === "/";
  block.write(cut ? text.slice(0, length - 1).replace(/\/+$/, "") : text, offset, length, "latin1");
}

/** Digits with leading zeros and a NUL; 0 for what does not fit (a pax record then has it). */
function putOctal(block: Buffer, [offset, length]: Field, value: number): void {
  let rest = fitsOctal(value, length) ? value : 0;
  for (let at = offset + length - 2; at >= offset; at--) {
    const high = Math.floor(rest / 8);
    block[at] = 0x30 + (rest - high * 8);
    rest = high;
  }
  block[offset + length - 1] = 0;
}

function fitsOctal(value: number, length: number): boolean {
  return value >= 0 && value < 8 ** (length - 1);
}

function fitsText(text: string): boolean {
  return text.length <= 100 && isAscii(text);
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false;
  return true;
}

function asciiOnly(text: string): string {
  return isAscii(text) ? text : text.replace(/\P{ASCII}/gu, "");
}

function floorSeconds(time: bigint): number {
  const seconds = Number(time / 1_000_000_000n);
  return time < 0n && time % 1_000_000_000n !== 0n ? seconds - 1 : seconds;
}
