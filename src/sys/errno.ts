import { constants as os } from "node:os";
import { getSystemErrorMap } from "node:util";

export const constants = os.errno;

/** Errors that libuv has no name for but our calls return. */
const others: Readonly<Record<number, readonly [string, string]>> = {
  61: ["ENODATA", "no data available"],
  75: ["EOVERFLOW", "value too large for defined data type"],
  87: ["EUSERS", "too many users"],
  116: ["ESTALE", "stale file handle"],
  117: ["EUCLEAN", "structure needs cleaning"],
  122: ["EDQUOT", "disk quota exceeded"],
};

/** The name of a (negative) error number; `E<number>` when nobody knows it. */
export function getSystemErrorName(error: number): string {
  return getSystemErrorMap().get(error)?.[0] ?? others[-error]?.[0] ?? `E${-error}`;
}

/** What a (negative) error number means, in words. */
export function getSystemErrorMessage(error: number): string {
  return getSystemErrorMap().get(error)?.[1] ?? others[-error]?.[1] ?? "unknown error";
}
