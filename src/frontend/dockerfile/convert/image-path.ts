import { CooperError, cleanPath, goQuote, joinPath } from "../../../kit/index.ts";

/** Docker's default PATH. Windows leaves it to the system. */
export const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Paths of a Windows image are written with `\` and may name the drive C:. */
export function toSlash(path: string, os: string): string {
  return os === "windows" ? path.replaceAll("\\", "/") : path;
}

/**
 * `path` as an absolute, slash-separated path without drive letter; a relative one counts from `parent`.
 * `keepSlash` keeps a trailing `/` or `/.`, which mean something to COPY. Throws upstream's sentences for other drives and UNC paths.
 */
export function normalizeImagePath(parent: string, path: string, os: string, keepSlash: boolean): string {
  const original = toSlash(path, os);
  const strip = (text: string) => prefixed("removing drive letter", () => stripDrive(text, os, keepSlash));
  let base = strip(toSlash(parent, os) || "/");
  if (!base.startsWith("/")) base = joinPath("/", base);
  let result = strip(original === "" ? base : original);
  if (!result.startsWith("/")) result = joinPath(base, result);
  if (keepSlash && original.endsWith("/") && !result.endsWith("/")) result += "/";
  else if (keepSlash && original.endsWith("/.")) result += result === "/" ? "." : "/.";
  return toSlash(result, os);
}

/** WORKDIR's path; with `\` in a Windows image, as its config wants it. */
export function normalizeWorkdir(current: string, path: string, os: string): string {
  const normal = prefixed("normalizing working directory", () => normalizeImagePath(current, path, os, false));
  return os === "windows" ? normal.replaceAll("/", "\\") : normal;
}

/** Whether the path names the same place from every directory of the image. */
export function isAbsoluteImagePath(path: string, os: string): boolean {
  try {
    return toSlash(stripDrive(path, os, false), os).startsWith("/");
  } catch {
    return false;
  }
}

/** Without a leading `C:`; nothing changes except in a Windows image. */
export function stripDrive(path: string, os: string, keepSlash: boolean): string {
  if (os !== "windows") return path;
  if (path.length === 2 && path[1] === ":") throw bad(`No relative path specified in ${goQuote(path)}`);
  if (/^[/\\]{2}/.test(path)) throw bad("UNC paths are not supported");
  const colon = path.indexOf(":");
  if (colon < 0) return cleanKeeping(path, keepSlash);
  if (path.slice(0, colon).toLowerCase() !== "c") throw bad("The specified path is not on the system drive (C:)");
  return cleanKeeping(path.slice(colon + 1), keepSlash);
}

function cleanKeeping(path: string, keepSlash: boolean): string {
  const slashed = path.replaceAll("\\", "/");
  const clean = cleanPath(slashed);
  return keepSlash && clean.length > 1 && slashed.endsWith("/") ? `${clean}/` : clean;
}

/** Runs `work`; its error's sentence gets `what: ` in front. */
export function prefixed<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof CooperError) throw new CooperError(error.code, `${what}: ${error.message}`, { cause: error });
    throw error;
  }
}

function bad(message: string): CooperError {
  return new CooperError("dockerfile/bad-path", message);
}
