import { CooperError, compileGlob, hasWildcard } from "../../kit/index.ts";
import type { HashTree, TreeNode } from "./tree.ts";

/** More links than this in one path is a cycle, as in Linux. */
const maxLinks = 40;

/**
 * The nodes that a path or pattern names, in the order of their names. Links in parents are followed inside the tree (absolute ones
 * start at its root, `..` stays in it), but not from the first wildcard on, where copies do not follow them either; a link at the end
 * only when told so. A dangling link at the end stands for itself. Throws `kit/too-many-links`.
 */
export function select<N extends TreeNode>(
  tree: HashTree<N>,
  path: string,
  wildcard: boolean,
  followLast: boolean,
): N[] {
  const parts = partsOf(path);
  if (!wildcard) {
    const node = resolve(tree, [tree.root()], parts, followLast);
    return node === undefined ? [] : [node];
  }
  const firstWildcard = parts.findIndex(hasWildcard);
  let matches: N[][] = [[tree.root()]];
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    const follow = last ? followLast : index < firstWildcard;
    matches = matches.flatMap((trail) => expand(tree, trail, part, follow));
  }
  return matches.map((trail) => trail.at(-1) as N);
}

/** The trails (a node after all that lead to it) that one part of a pattern leads to. */
function expand<N extends TreeNode>(tree: HashTree<N>, trail: readonly N[], part: string, follow: boolean): N[][] {
  if (trail.at(-1)?.kind !== "directory") return [];
  const names = hasWildcard(part) ? matchingNames(tree, trail.at(-1) as N, part) : [part.replace(/\\(.)/g, "$1")];
  return names.flatMap((name) => {
    const found = walk(tree, trail, [name], follow);
    return found === undefined ? [] : [found];
  });
}

function matchingNames<N extends TreeNode>(tree: HashTree<N>, directory: N, pattern: string): string[] {
  const glob = compileGlob(pattern);
  return tree
    .children(directory)
    .map((node) => node.name)
    .filter((name) => glob.matches(name));
}

function resolve<N extends TreeNode>(
  tree: HashTree<N>,
  start: readonly N[],
  parts: readonly string[],
  followLast: boolean,
): N | undefined {
  return walk(tree, start, parts, followLast)?.at(-1);
}

/** The trail that the parts lead to, or undefined when it breaks off. */
function walk<N extends TreeNode>(
  tree: HashTree<N>,
  start: readonly N[],
  parts: readonly string[],
  followLast: boolean,
  links = 0,
): N[] | undefined {
  const trail = [...start];
  const pending = [...parts].reverse();
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part === "..") {
      if (trail.length > 1) trail.pop();
      continue;
    }
    const here = trail.at(-1);
    const node = here?.kind === "directory" ? tree.child(here, part) : undefined;
    if (node === undefined) return undefined;
    trail.push(node);
    const last = pending.length === 0;
    if (node.kind !== "symlink" || (last && !followLast)) continue;
    if (links >= maxLinks)
      throw new CooperError("kit/too-many-links", `cannot resolve ${JSON.stringify(node.path)}: too many links`);
    const target = tree.linkTarget(node);
    trail.pop();
    const base = target.startsWith("/") ? trail.slice(0, 1) : trail;
    const rest = [...partsOf(target), ...pending.reverse()];
    const found = walk(tree, base, rest, followLast, links + 1);
    // A link that leads nowhere still is a file that can be copied as a link.
    return found ?? (last ? [...trail, node] : undefined);
  }
  return trail;
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}
