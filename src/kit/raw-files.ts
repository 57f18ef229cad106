/**
 * The calls of `node:fs` for files of trees, whose names may be any bytes: paths, link targets and names in folders are raw text
 * (`raw-text.ts`), turned into bytes and back here only. An ordinary name costs a look at the string. Whoever touches a tree takes them from here,
 * and gives calls that are not here (those of `node:fs/promises`) `rawBytes(path)`. They throw what those of `node:fs` throw.
 */
import fs from "node:fs";
import { decodeRaw, rawBytes } from "./raw-text.ts";

export const lstatSync = ((path: string, options) => fs.lstatSync(rawBytes(path), options)) as typeof fs.lstatSync;
export const statSync = ((path: string, options) => fs.statSync(rawBytes(path), options)) as typeof fs.statSync;
export const existsSync = (path: string): boolean => fs.existsSync(rawBytes(path));
export const openSync = (path: string, flags: fs.OpenMode, mode?: fs.Mode): number =>
  fs.openSync(rawBytes(path), flags, mode);
export const mkdirSync = (path: string, options?: fs.MakeDirectoryOptions | number): void => {
  fs.mkdirSync(rawBytes(path), options);
};
export const chmodSync = (path: string, mode: number): void => fs.chmodSync(rawBytes(path), mode);
export const chownSync = (path: string, uid: number, gid: number): void => fs.chownSync(rawBytes(path), uid, gid);
export const lchownSync = (path: string, uid: number, gid: number): void => fs.lchownSync(rawBytes(path), uid, gid);
export const utimesSync = (path: string, atime: fs.TimeLike, mtime: fs.TimeLike): void =>
  fs.utimesSync(rawBytes(path), atime, mtime);
export const lutimesSync = (path: string, atime: fs.TimeLike, mtime: fs.TimeLike): void =>
  fs.lutimesSync(rawBytes(path), atime, mtime);
export const linkSync = (existing: string, path: string): void => fs.linkSync(rawBytes(existing), rawBytes(path));
export const symlinkSync = (target: string, path: string): void => fs.symlinkSync(rawBytes(target), rawBytes(path));
export const renameSync = (from: string, to: string): void => fs.renameSync(rawBytes(from), rawBytes(to));
export const unlinkSync = (path: string): void => fs.unlinkSync(rawBytes(path));
export const rmdirSync = (path: string): void => fs.rmdirSync(rawBytes(path));
export const rmSync = (path: string, options?: fs.RmOptions): void => fs.rmSync(rawBytes(path), options);
export const copyFileSync = (from: string, to: string, mode?: number): void =>
  fs.copyFileSync(rawBytes(from), rawBytes(to), mode);
export const writeFileSync = (path: string, data: string | Uint8Array, options?: fs.WriteFileOptions): void =>
  fs.writeFileSync(rawBytes(path), data, options);

/** Where a link leads, whatever bytes that is. */
export function readlinkSync(path: string): string {
  const target = fs.readlinkSync(rawBytes(path));
  return isDoubtful(target) ? decodeRaw(fs.readlinkSync(rawBytes(path), { encoding: "buffer" })) : target;
}

/** Names in a folder, in no order. */
export function readdirSync(path: string): string[] {
  const names = fs.readdirSync(rawBytes(path));
  if (!names.some(isDoubtful)) return names;
  return fs.readdirSync(rawBytes(path), { encoding: "buffer" }).map((name) => decodeRaw(name));
}

/** The same with the type of each. */
export function readEntriesSync(path: string): fs.Dirent[] {
  const entries = fs.readdirSync(rawBytes(path), { withFileTypes: true });
  if (!entries.some(({ name }) => isDoubtful(name))) return entries;
  const read = fs.readdirSync(rawBytes(path), { withFileTypes: true, encoding: "buffer" });
  return read.map((entry) => Object.assign(entry as unknown as fs.Dirent, { name: decodeRaw(entry.name) }));
}

/** Node may have put the character in place of a byte; or a name has it. */
function isDoubtful(text: string): boolean {
  return text.includes("\ufffd");
}
