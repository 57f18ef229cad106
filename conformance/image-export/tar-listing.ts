import { createHash } from "node:crypto";
import type { TarEntry } from "./recording.ts";

const types: Readonly<Record<string, string>> = {
  "0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "char",
  "4": "block",
  "5": "dir",
  "6": "fifo",
};

/** All headers of a tar as they stand there, read by other code than the product's, and the zero blocks at its end. */
export function listTar(tar: Buffer): { entries: TarEntry[]; zeroBlocks: number; bodies: Map<string, Buffer> } {
  const entries: TarEntry[] = [];
  const bodies = new Map<string, Buffer>();
  let pax: Record<string, string> = {};
  let at = 0;
  for (; at < tar.length && tar[at] !== 0; ) {
    const block = tar.subarray(at, at + 512);
    const size = Number(pax.size ?? octal(block, 124, 12));
    const body = tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
    if (text(block, 156, 1) === "x") {
      pax = readPax(body);
      continue;
    }
    const entry = entryOf(block, pax, body);
    entries.push(entry);
    bodies.set(entry.name, body);
    pax = {};
  }
  // An eStargz layer's table is a tar of its own behind the end; what is in it has tests of its own.
  const table = tar.indexOf("stargz.index.json\0", at, "latin1");
  const rest = tar.subarray(at, table < 0 ? tar.length : table);
  if (rest.some((byte) => byte !== 0)) throw new Error(`bytes at ${at}, after the end of the tar`);
  return { entries, zeroBlocks: rest.length / 512, bodies };
}

function entryOf(block: Buffer, pax: Record<string, string>, body: Buffer): TarEntry {
  const prefix = text(block, 345, 155);
  const type = types[text(block, 156, 1)] ?? "unknown";
  const linkname = pax.linkpath ?? text(block, 157, 100);
  const device = type === "char" || type === "block";
  return {
    name: pax.path ?? (prefix === "" ? "" : `${prefix}/`) + text(block, 0, 100),
    type,
    mode: text(block, 100, 8).replace(/^0*(?=....)/, ""),
    uid: octal(block, 108, 8),
    gid: octal(block, 116, 8),
    size: body.length,
    mtime: octal(block, 136, 12),
    ...(linkname !== "" && { linkname }),
    ...(device && { dev: [octal(block, 329, 8), octal(block, 337, 8)] }),
    ...(Object.keys(pax).length > 0 && { pax }),
    magic: block.toString("latin1", 257, 265).replaceAll("\0", "\\0"),
    ...(type === "file" && { sha256: createHash("sha256").update(body).digest("hex") }),
  };
}

function text(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString("latin1", 0, end < 0 ? length : end).trim();
}

function octal(block: Buffer, at: number, length: number): number {
  return Number.parseInt(text(block, at, length) || "0", 8);
}

function readPax(body: Buffer): Record<string, string> {
  const records: Record<string, string> = {};
  for (let at = 0; at < body.length; ) {
    const length = Number.parseInt(body.toString("latin1", at, at + 20), 10);
    const [, key = "", value = ""] = /^\d+ ([^=]+)=(.*)\n$/s.exec(body.toString("utf8", at, at + length)) ?? [];
    records[key] = value;
    at += length;
  }
  return records;
}
