import { CooperError, errnoOf, messageOf, writeHint } from "../kit/index.ts";

interface Trouble {
  readonly code: string;
  readonly hint: string;
}

const noSpace: Trouble = {
  code: "storage/no-space",
  hint: "free some space, prune the root, or put it on a larger volume with --root (in a pod: a larger volume, or a larger sizeLimit of the emptyDir)",
};
const readOnly: Trouble = {
  code: "storage/read-only",
  hint: "mount the root's volume writable, or choose another with --root",
};
const notPermitted: Trouble = {
  code: "storage/not-permitted",
  hint: "let the user that runs the build own the root, or choose another with --root",
};
const busy: Trouble = {
  code: "storage/busy",
  hint: "another process holds the root's database: stop it, or use another --root",
};
const corrupt: Trouble = {
  code: "storage/corrupt",
  hint: "the root is only a cache: delete it, or choose another with --root",
};

const byErrno: Readonly<Record<string, Trouble>> = {
  ENOSPC: noSpace,
  EDQUOT: noSpace,
  EROFS: readOnly,
  EACCES: notPermitted,
  EPERM: notPermitted,
  ENOTDIR: {
    code: "storage/failed",
    hint: "a part of that path is a file, not a folder: choose another root with --root",
  },
};
/** Primary result codes of SQLite, https://sqlite.org/rescode.html. */
const bySqlite: Readonly<Record<number, Trouble>> = {
  3: notPermitted,
  5: busy,
  6: busy,
  8: readOnly,
  11: corrupt,
  13: noSpace,
  14: notPermitted,
  26: corrupt,
};

/** `error` as the user should read it: what failed, why in the end, what to do. A CooperError passes as it is. */
export function storageError(action: string, error: unknown): CooperError {
  if (error instanceof CooperError) return error;
  const trouble = byErrno[errnoOf(error) ?? ""] ?? bySqlite[sqliteCode(error) ?? -1];
  return new CooperError(trouble?.code ?? "storage/failed", `cannot ${action}: ${messageOf(error)}`, {
    cause: error,
    hint: refusedCallHint(error) ?? pathHint(error) ?? trouble?.hint,
  });
}

/** Calls that everybody may make: a refusal is a filter's, whoever owns the file. */
const freeCalls: ReadonlySet<string> = new Set(["flock", "copyfile", "llistxattr", "listxattr", "lgetxattr", "statx"]);

/** A seccomp filter that is stricter than usual, or a file system that lacks something, and what to do about that. */
function refusedCallHint(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error) || typeof error.syscall !== "string") return undefined;
  const { syscall } = error;
  const errno = errnoOf(error) ?? "";
  if (syscall === "flock" && ["ENOSYS", "EOPNOTSUPP", "ENOLCK", "EPERM"].includes(errno)) return lockHint;
  if (errno !== "ENOSYS" && !(errno === "EPERM" && freeCalls.has(syscall))) return undefined;
  return `a seccomp filter of this container refuses the call ${syscall}: ${filterSettings}`;
}

const filterSettings =
  "in a pod, securityContext.seccompProfile.type: RuntimeDefault, or a Localhost profile that allows it";
const lockHint = `the root's volume has no file locks (some network volumes), or a seccomp filter refuses flock: put the root on another volume with --root; ${filterSettings}`;

/** Who owns what is in the way. */
function pathHint(error: unknown): string | undefined {
  if (!["EACCES", "EPERM", "EROFS"].includes(errnoOf(error) ?? "")) return undefined;
  const { path } = error as NodeJS.ErrnoException;
  return path === undefined ? undefined : writeHint(path);
}

function sqliteCode(error: unknown): number | undefined {
  if (error instanceof Error && "errcode" in error && typeof error.errcode === "number") return error.errcode & 0xff;
  return undefined;
}

/** `work`, with its failure told as `storageError`. */
export async function told<T>(action: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(action, error);
  }
}
