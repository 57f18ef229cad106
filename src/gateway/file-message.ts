import { type fsutil, type gateway, toGoMode } from "../grpc/index.ts";
import type { Init } from "../wire/index.ts";
import type { FileInfo } from "./contract.ts";

/** What is known of a file, in fsutil's message. */
export function statMessage(info: FileInfo): Init<fsutil.Stat> {
  return {
    path: info.name,
    mode: toGoMode(info.kind, info.mode),
    uid: info.uid,
    gid: info.gid,
    size: BigInt(info.kind === "directory" ? 0 : info.size),
    modTime: info.mtime,
    linkname: info.linkTarget ?? "",
  };
}

/** The part of a file that is asked for: its beginning, and where it ends unless that is the file's end. */
export function rangeOf(range: gateway.FileRange | undefined): { readonly offset: number; readonly limit?: number } {
  const [offset, length] = [Number(range?.offset ?? 0n), Number(range?.length ?? 0n)];
  return { offset, ...(length > 0 && { limit: offset + length }) };
}
