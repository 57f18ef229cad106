import { getSystemErrorMessage } from "node:util";
import { CooperError, errnoOf, messageOf } from "../../kit/index.ts";

/** Where Go's text for an error number is not libuv's. */
const goTexts: Readonly<Record<string, string>> = {
  EEXIST: "file exists",
  EISDIR: "is a directory",
  ELOOP: "too many levels of symbolic links",
};

/** Go's sentence for a failed file operation: `lstat /a/b: no such file or directory`. */
export function pathError(operation: string, path: string, code: string, cause?: unknown): CooperError {
  const texts: Readonly<Record<string, string>> = {
    ENOENT: "no such file or directory",
    ENOTDIR: "not a directory",
    ...goTexts,
  };
  return new CooperError("ops/file-failed", `${operation} ${path}: ${texts[code] ?? code}`, { cause });
}

/**
 * Runs a file action; a system error of it becomes `ops/file-failed` in Go's form, with paths as they are inside the trees, or
 * `storage/no-space` for a full disk.
 */
export async function withPathErrors<T>(roots: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CooperError || errnoOf(error) === undefined) throw error;
    throw systemError(error as NodeJS.ErrnoException, roots);
  }
}

function systemError(error: NodeJS.ErrnoException & { readonly dest?: string }, roots: readonly string[]): CooperError {
  const code = error.code ?? "";
  const text = goTexts[code] ?? textOf(error);
  const path = [error.path, error.dest].filter((each) => each !== undefined).map((each) => inside(each, roots));
  const message = `${[error.syscall ?? "file operation", ...path].join(" ")}: ${text}`;
  if (code === "ENOSPC" || code === "EDQUOT") {
    const hint = "free some space, prune the root, or put it on a larger volume with --root";
    return new CooperError("storage/no-space", message, { cause: error, hint });
  }
  const hint =
    code === "EPERM"
      ? "owners, modes and devices of others need CAP_CHOWN, CAP_FOWNER and CAP_MKNOD: run as root"
      : undefined;
  return new CooperError("ops/file-failed", message, { cause: error, hint });
}

function textOf(error: NodeJS.ErrnoException): string {
  return error.errno === undefined ? messageOf(error) : getSystemErrorMessage(-Math.abs(error.errno));
}

function inside(path: string, roots: readonly string[]): string {
  const root = roots.find((candidate) => path === candidate || path.startsWith(`${candidate}/`));
  return root === undefined ? path : path.slice(root.length) || "/";
}
