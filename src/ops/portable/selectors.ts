import { posix } from "node:path";
import { type Digest, hasWildcard, sha256 } from "../../kit/index.ts";
import type { ExecOp, FileAction, FileOp, Mount, Owner } from "../../llb/index.ts";
import { compareBytes } from "../../oci/index.ts";
import type { HashSelector } from "../../storage/index.ts";

/** What of an input BuildKit's key of an op has. */
export interface PortableSelection {
  /** Part of the link to the input's key; empty when the whole input is used. */
  readonly selector: Digest | "";
  /** Paths whose content counts as well; undefined: the input's own key only. */
  readonly content: readonly HashSelector[] | undefined;
}

const nothing: PortableSelection = { selector: "", content: undefined };

/** Of a file op: what is copied from an input, or asked for user names. An input that is changed counts whole. */
export function fileSelection({ actions }: FileOp, input: number): PortableSelection {
  if (actions.some((step) => step.input === input)) return nothing;
  const selectors = actions.flatMap(({ action, secondaryInput }) => [
    ...userFiles(action, input),
    ...(action.kind === "copy" && secondaryInput === input
      ? [selectorOf(action.src, action.followSymlink, action.allowWildcard, action)]
      : []),
  ]);
  if (selectors.length === 0) return nothing;
  const paths = selectors.map(({ path }) => path).sort((a, b) => compareBytes(b, a));
  return { selector: sha256(paths.join("\0")), content: withoutDoubles(selectors) };
}

/** Of an exec op: the paths that it mounts. */
export function execSelection({ mounts }: ExecOp, input: number): PortableSelection {
  const used = mounts.filter(
    (mount) => mount.input === input && (mount.type.kind === "bind" || mount.type.kind === "cache"),
  );
  const last = used.at(-1);
  if (last === undefined) return nothing;
  const paths = used.map(mountedPath);
  const selector = sha256(paths.join("\0"));
  if (!byContent(last)) return { selector, content: undefined };
  const whole = paths.includes("/");
  return { selector, content: whole ? [] : outermost(paths).map((path) => selectorOf(path, true)) };
}

function byContent(mount: Mount): boolean {
  if (mount.contentCache === "off") return false;
  const safe = mount.output === undefined || mount.readonly || mountedPath(mount) === "/";
  return safe && (mount.contentCache === "on" || mount.dest !== "/");
}

function mountedPath({ selector }: Mount): string {
  return posix.join("/", selector);
}

function userFiles(action: FileAction, input: number): HashSelector[] {
  // BuildKit forgets the owner of links.
  const owner: Owner | undefined = action.kind === "rm" || action.kind === "symlink" ? undefined : action.owner;
  const files = [
    ...(owner?.user?.kind === "name" && owner.user.input === input ? ["/etc/passwd"] : []),
    ...(owner?.group?.kind === "name" && owner.group.input === input ? ["/etc/group"] : []),
  ];
  return files.map((path) => selectorOf(path, true));
}

function selectorOf(
  path: string,
  followLinks: boolean,
  wildcard = false,
  filters: { readonly includePatterns: readonly string[]; readonly excludePatterns: readonly string[] } = {
    includePatterns: [],
    excludePatterns: [],
  },
): HashSelector {
  const { includePatterns: include, excludePatterns: exclude } = filters;
  return { path, wildcard: wildcard && hasWildcard(path), followLinks, include, exclude };
}

/** Plain paths each once, without those below another one; all in the order of paths. */
function withoutDoubles(selectors: readonly HashSelector[]): readonly HashSelector[] {
  const isPlain = ({ wildcard, include, exclude }: HashSelector) =>
    !wildcard && include.length === 0 && exclude.length === 0;
  const plain = [false, true].flatMap((follow) => {
    const paths = selectors.filter((one) => isPlain(one) && one.followLinks === follow).map(({ path }) => path);
    return outermost(paths).map((path) => selectorOf(path, follow));
  });
  return [...plain, ...selectors.filter((one) => !isPlain(one))].sort((a, b) => compareBytes(a.path, b.path));
}

function outermost(paths: readonly string[]): string[] {
  const distinct = [...new Set(paths)];
  if (distinct.length <= 1) return distinct;
  const isBelow = (path: string, other: string) =>
    path !== other && path.startsWith(other.endsWith("/") ? other : `${other}/`);
  return distinct.filter((path) => !distinct.some((other) => isBelow(path, other))).sort(compareBytes);
}
