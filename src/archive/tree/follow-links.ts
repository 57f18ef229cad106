import { posix } from "node:path";
import { cleanPath, compileGlob, errnoOf, hasWildcard, lstatSync, readdirSync, readlinkSync } from "../../kit/index.ts";

/**
 * The paths and patterns that must be read so that `paths` can be used: each itself (its last part may be a wildcard), and all
 * that links on its way point to, inside the root (fsutil FollowLinks). Undefined when that is the whole tree.
 */
export function followLinks(root: string, paths: readonly string[]): string[] | undefined {
  const resolver = new LinkResolver(root);
  for (const path of paths) resolver.add(path);
  return withoutNested([...resolver.resolved].sort());
}

/** Drops paths below the path before them (so the list should be sorted); undefined when the root is among them. */
export function withoutNested(paths: readonly string[]): string[] | undefined {
  const kept: string[] = [];
  let last = "";
  for (const path of paths) {
    if (path === ".") return undefined;
    if (path.startsWith(`${last}/`)) continue;
    kept.push(path);
    last = path;
  }
  return kept;
}

class LinkResolver {
  readonly resolved = new Set<string>();
  readonly #root: string;
  constructor(root: string) {
    this.#root = root;
  }

  /** Adds a path part by part. A link ends the walk: its targets are walked instead. Each link is taken once, so cycles end. */
  add(path: string): void {
    let current = ".";
    const parts = relative(path).split("/");
    for (const [index, part] of parts.entries()) {
      current = cleanPath(posix.join(current, part));
      const last = index === parts.length - 1;
      const targets = this.#targets(current);
      if ((last || targets !== undefined) && this.resolved.has(current)) return;
      if (targets !== undefined || last) this.resolved.add(current);
      if (targets === undefined) continue;
      const rest = parts.slice(index + 1).join("/");
      for (const target of targets) this.add(posix.join(target, rest));
      return;
    }
  }

  /** Where the link, or the links that match the wildcard, point to; undefined when there is none. */
  #targets(path: string): string[] | undefined {
    const base = posix.basename(path);
    if (!hasWildcard(base)) return this.#target(path);
    const folder = posix.dirname(path);
    const glob = compileGlob(base);
    const targets = this.#names(folder)
      .filter((name) => glob.matches(name))
      .flatMap((name) => this.#target(posix.join(folder, name)) ?? []);
    return targets.length === 0 ? undefined : targets;
  }

  #target(path: string): string[] | undefined {
    if (path === "." || !this.#isLink(path)) return undefined;
    const link = readlinkSync(`${this.#root}/${path}`);
    return [link.startsWith("/") ? cleanPath(link) : posix.join("/", posix.dirname(path), link)];
  }

  #isLink(path: string): boolean {
    return this.#orNothing(() => lstatSync(`${this.#root}/${path}`).isSymbolicLink()) ?? false;
  }

  #names(folder: string): string[] {
    return this.#orNothing(() => readdirSync(`${this.#root}/${folder}`)) ?? [];
  }

  #orNothing<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error) ?? "")) return undefined;
      throw error;
    }
  }
}

/** The path from the root, which `..` cannot leave; `.` for the root itself. */
function relative(path: string): string {
  const clean = cleanPath(`/${path}`).slice(1);
  return clean === "" ? "." : clean;
}
