import { decodeRaw, encodeRaw } from "../../kit/index.ts";
import { badTar } from "./block.ts";

/** Prefix of the pax records that carry extended attributes. */
export const xattrPrefix = "SCHILY.xattr.";

/** Records of an extended header that change how an entry is read. An empty value takes a record back. */
export interface PaxRecords {
  readonly texts: Map<string, string>;
  readonly xattrs: Map<string, Buffer>;
}

/** Parses `length key=value\n` records (POSIX.1-2017, pax Extended Header). Throws `archive/bad-tar`. */
export function parsePax(data: Buffer): PaxRecords {
  const records: PaxRecords = { texts: new Map(), xattrs: new Map() };
  for (let at = 0; at < data.length; ) {
    const blank = data.indexOf(0x20, at);
    const length = blank < 0 || blank - at > 10 ? Number.NaN : Number(data.toString("latin1", at, blank));
    const end = at + length;
    if (!Number.isInteger(length) || end > data.length || end <= blank + 2 || data[end - 1] !== 0x0a) {
      throw badTar("an extended header is malformed");
    }
    readRecord(data.subarray(blank + 1, end - 1), records);
    at = end;
  }
  return records;
}

function readRecord(record: Buffer, into: PaxRecords): void {
  const equals = record.indexOf(0x3d);
  if (equals <= 0) throw badTar("an extended header is malformed");
  const key = decodeRaw(record, 0, equals);
  const value = record.subarray(equals + 1);
  if (key.startsWith(xattrPrefix)) {
    into.xattrs.set(key.slice(xattrPrefix.length), Buffer.from(value));
    return;
  }
  const text = decodeRaw(value);
  if (text.includes("\0") || key.includes("\0")) throw badTar("an extended header has a NUL in a name");
  into.texts.set(key, text);
}

/** One record; its length counts itself. */
export function formatPaxRecord(key: string, value: Uint8Array | string): Buffer {
  const rest = Buffer.concat([
    encodeRaw(` ${key}=`),
    typeof value === "string" ? encodeRaw(value) : value,
    Buffer.from("\n"),
  ]);
  let size = rest.length + String(rest.length).length;
  if (rest.length + String(size).length !== size) size = rest.length + String(size).length;
  return Buffer.concat([Buffer.from(String(size)), rest]);
}

/** A decimal time with an optional fraction, in nanoseconds. Throws `archive/bad-tar`. */
export function parsePaxTime(text: string): bigint {
  const match = /^(-?)(\d{1,18})(?:\.(\d*))?$/.exec(text);
  if (match === null) throw badTar("an extended header has a malformed time");
  const [, sign, seconds = "0", fraction = ""] = match;
  const time = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  return sign === "-" ? -time : time;
}

/** A decimal number that is not negative. Throws `archive/bad-tar`. */
export function parsePaxNumber(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw badTar("an extended header has a malformed number");
  return value;
}
