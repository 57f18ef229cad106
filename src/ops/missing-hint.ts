import { lstatIfThere, PatternMatcher, pathInside, readdirSync, suggest } from "../kit/index.ts";
import type { HashableTree } from "../storage/index.ts";

type Folder = HashableTree & { readonly kind: "folder" };

/**
 * Why a path that a build wants is not in its context, as far as that can be told: an ignore file hides it, or its name is another.
 * Never tells of what lies outside of the context, wherever links in it lead.
 */
export async function missingHint(folder: Folder, path: string): Promise<string | undefined> {
  const names = path.split("/").filter((name) => name !== "");
  if (isThere(folder, names)) return hidden(folder, names.join("/"));
  const found = nearby(folder, names);
  return found === undefined ? undefined : `did you mean ${found}?`;
}

/** The last pattern that has a say about the path, unless nothing is excluded at all. */
function hidden({ exclude }: Folder, path: string): string | undefined {
  if (exclude.every((pattern) => pattern.startsWith("!"))) return undefined;
  const hiding = exclude.findLast((pattern) => new PatternMatcher([pattern.replace(/^!/, "")]).matches(path));
  if (hiding === undefined) return undefined;
  return `the file exists, but .dockerignore hides it: pattern ${JSON.stringify(hiding)}`;
}

/** The path with its first wrong name made right, when a name that the build may see is near and the rest is there. */
function nearby(folder: Folder, names: readonly string[]): string | undefined {
  const wrong = names.findIndex((_, index) => !isThere(folder, names.slice(0, index + 1)));
  const name = names[wrong];
  if (name === undefined) return undefined;
  const before = names.slice(0, wrong);
  const seen = new PatternMatcher(folder.exclude);
  const visible = namesIn(inside(folder, before)).filter((there) => !seen.matches([...before, there].join("/")));
  const near = suggest(name, visible);
  if (near === undefined) return undefined;
  const whole = [...before, near, ...names.slice(wrong + 1)];
  return isThere(folder, whole) ? whole.join("/") : undefined;
}

function isThere(folder: Folder, names: readonly string[]): boolean {
  return lstatIfThere(inside(folder, names)) !== undefined;
}

function inside(folder: Folder, names: readonly string[]): string {
  return pathInside(folder.path, names.join("/"), { followLast: false });
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
