import { accessSync, constants, statSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { CooperError } from "../../kit/index.ts";

/** An OCI runtime's program on this machine. */
export interface Runtime {
  /** `runc`, `crun`, … */
  readonly name: string;
  readonly path: string;
  /** Goes before everything else on its command line. */
  readonly flags?: readonly string[];
  /** Goes behind the word `run`. */
  readonly runFlags?: readonly string[];
  /** Changes when the program is replaced. */
  readonly version: string;
}

/** In the order in which they are tried: upstream's names first. */
const defaultNames = ["buildkit-runc", "runc", "crun"];

/**
 * The runtimes that are installed, best first: those of the default names, or only the given one (a name on the path, or a path). The usual
 * folders of programs are looked through behind the path.
 * Looks at file names only, starts nothing. Throws `executor/no-runtime` when there is none.
 */
export function findRuntimes(binary: string, searchPath = usualPath()): Runtime[] {
  const names = binary === "" ? defaultNames : [binary];
  const found = names.flatMap((name) => locate(name, searchPath) ?? []);
  if (found.length > 0) return found;
  const what = binary === "" ? "runc or crun" : binary;
  throw new CooperError("executor/no-runtime", `failed to find ${what} binary`, {
    hint: "RUN steps need an OCI runtime; on Debian: apt-get install runc",
  });
}

/** Runtimes lie in folders that an ordinary user's path may not have, and a pod may state a path of its own. */
export function usualPath(): string {
  return `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
}

/** Where a program is on the path. */
export function findProgram(name: string, searchPath = usualPath()): string | undefined {
  return locate(name, searchPath)?.path;
}

function locate(name: string, searchPath: string): Runtime | undefined {
  const candidates = name.includes("/") ? [name] : searchPath.split(":").map((folder) => join(folder || ".", name));
  for (const path of candidates.filter((candidate) => name.includes("/") || isAbsolute(candidate))) {
    const version = executableVersion(path);
    if (version !== undefined) return { name: basename(path), path, version };
  }
  return undefined;
}

function executableVersion(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    const stats = statSync(path);
    return stats.isFile() ? `${stats.size}-${stats.mtimeMs}` : undefined;
  } catch {
    return undefined;
  }
}
