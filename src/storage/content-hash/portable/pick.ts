import { goMatch, hasWildcard, type MatchState, PatternMatcher } from "../../../kit/index.ts";
import type { HashSelector } from "../contract.ts";
import { select } from "../resolve.ts";
import type { TreeNode } from "../tree.ts";
import type { Records } from "./records.ts";

/** A file, or a directory by itself, that a selector with patterns picks. */
export interface Picked<N> {
  readonly node: N;
  /** As the selector names it: links in the part without wildcards are not in it. */
  readonly path: string;
  /** Nothing above it was picked: a link here is followed when links are. */
  readonly followed: boolean;
}

interface Walk<N extends TreeNode> {
  readonly records: Records<N>;
  readonly pattern: string | undefined;
  readonly base: string;
  readonly followLinks: boolean;
  readonly include: PatternMatcher | undefined;
  readonly exclude: PatternMatcher | undefined;
  readonly found: Picked<N>[];
}

/** A directory on the way down, which comes along once something below it does. */
interface Parent<N> {
  readonly picked: Picked<N>;
  readonly include: MatchState | undefined;
  readonly exclude: MatchState | undefined;
  listed: boolean;
}

/** Where a walk is: what it matched last by the wildcard, and the directories above. */
interface Where<N> {
  readonly matched: string | undefined;
  readonly parents: readonly Parent<N>[];
}

/**
 * What a selector with a wildcard or filters picks, in the order of paths, and the prefix that their names are counted from. Directories
 * count by themselves: each of what they hold is picked or not.
 */
export async function pick<N extends TreeNode>(
  records: Records<N>,
  path: string,
  wildcard: boolean,
  selector: HashSelector,
): Promise<{ readonly prefix: string; readonly found: readonly Picked<N>[] }> {
  const base = path === "/" ? "" : path;
  const prefix = wildcard ? plainPart(base) : base;
  // A wildcard in the first part: everything is looked at.
  const [start] = prefix === "" ? [records.tree.root()] : select(records.tree, prefix, false, wildcard);
  const walk: Walk<N> = {
    records,
    pattern: wildcard ? base : undefined,
    base,
    followLinks: selector.followLinks,
    include: matcherOf(selector.include),
    exclude: matcherOf(selector.exclude),
    found: [],
  };
  if (start !== undefined) await visit(walk, start, prefix, { matched: undefined, parents: [] });
  return { prefix, found: walk.found };
}

/** The parts before the first one with a wildcard. */
function plainPart(path: string): string {
  const parts = path.split("/");
  return parts.slice(0, parts.findIndex(hasWildcard)).join("/");
}

function matcherOf(patterns: readonly string[]): PatternMatcher | undefined {
  return patterns.length === 0 ? undefined : new PatternMatcher(patterns);
}

async function visit<N extends TreeNode>(walk: Walk<N>, node: N, path: string, where: Where<N>): Promise<void> {
  const matched = walk.pattern === undefined ? walk.base : matchedBy(walk.pattern, path, where.matched);
  const below =
    matched === undefined
      ? where
      : { matched: keptMatch(walk, matched), parents: await take(walk, node, path, matched, where) };
  if (node.kind !== "directory") return;
  for (const child of await walk.records.children(node)) await visit(walk, child, `${path}/${child.name}`, below);
}

function keptMatch<N extends TreeNode>({ pattern }: Walk<N>, matched: string): string | undefined {
  return pattern === undefined ? undefined : matched;
}

/** The path that patterns are counted from: the one above that the wildcard matched, or this one when it does. */
function matchedBy(pattern: string, path: string, above: string | undefined): string | undefined {
  if (above !== undefined) return above;
  return goMatch(pattern, path) ? path : undefined;
}

/** Judges one file. Gives the directories above what it holds. */
async function take<N extends TreeNode>(
  walk: Walk<N>,
  node: N,
  path: string,
  matched: string,
  { parents }: Where<N>,
): Promise<readonly Parent<N>[]> {
  const above = parents.at(-1);
  const directory = node.kind === "directory";
  // The root of what is copied, named with a slash, does not count by itself.
  if (directory && path === walk.base && path === "") return parents;
  const [include, exclude] = [walk.include?.newState(), walk.exclude?.newState()];
  const candidate = path.slice(matched.length + 1);
  const picked: Picked<N> = { node, path, followed: above === undefined && walk.followLinks };
  // Both are asked always: what is below wants to know what each matched.
  const included = walk.include?.matchBelow(candidate, above?.include, include) !== false;
  const excluded = walk.exclude?.matchBelow(candidate, above?.exclude, exclude) === true;
  const present = included && !excluded && (await walk.records.exists(node));
  if (present) {
    for (const parent of parents) {
      if (!parent.listed) walk.found.push(parent.picked);
      parent.listed = true;
    }
    walk.found.push(picked);
  }
  return directory ? [...parents, { picked, include, exclude, listed: present }] : parents;
}
