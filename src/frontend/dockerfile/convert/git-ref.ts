import { CooperError, goQuote } from "../../../kit/index.ts";
import { type GitOptions, type GitUrl, git, parseGitUrl, type State, type VertexOptions } from "../../../llb/index.ts";
import { parseBool } from "../parse/values.ts";

/** A git repository as ADD and contexts name it, with what its query says. */
export interface GitRef {
  readonly remote: string;
  readonly ref: string;
  readonly subdir: string;
  readonly checksum: string;
  readonly keepGitDir: boolean | undefined;
  readonly submodules: boolean | undefined;
  readonly mtime: string;
  readonly fetchByCommit: boolean;
  /** `github.com/a/b`: a context may be written so, a file of that name is meant elsewhere. */
  readonly looksLocal: boolean;
}

/**
 * Undefined when the text means no git repository (a path, or an http URL that does not end in `.git`).
 * Throws `dockerfile/bad-git-ref` for one with a query that makes no sense.
 */
export function parseGitRef(text: string): GitRef | undefined {
  const found = findRemote(text);
  if (found === undefined) return undefined;
  const { url, looksLocal } = found;
  const query = readQuery(url);
  return { ...query, remote: looksLocal ? url.remote.slice(url.remote.indexOf("://") + 3) : url.remote, looksLocal };
}

/** True when the text names a git repository, were it with a bad query. */
export function isGitSource(text: string): boolean {
  return findRemote(text) !== undefined;
}

export function isHttpSource(text: string): boolean {
  return /^https?:\/\//.test(text) && !isGitSource(text);
}

/** The repository as a state. `keepGitDir` and `checksum` of an instruction add to what the reference says. */
export function gitState(ref: GitRef, options: VertexOptions & Partial<GitOptions> = {}): State {
  return git(ref.remote, {
    ...options,
    ref: ref.ref,
    subdir: ref.subdir,
    keepGitDir: options.keepGitDir === true,
    checksum: options.checksum ?? ref.checksum,
    skipSubmodules: ref.submodules === false,
    fetchByCommit: ref.fetchByCommit,
  });
}

function findRemote(text: string): { url: GitUrl; looksLocal: boolean } | undefined {
  if (text.startsWith("./") || text.startsWith("../")) return undefined;
  const looksLocal = text.startsWith("github.com/");
  try {
    const url = parseGitUrl(looksLocal ? `https://${text}` : text);
    if (url === undefined) return undefined;
    const isWeb = url.scheme === "http" || url.scheme === "https";
    return isWeb && !looksLocal && !url.path.endsWith(".git") ? undefined : { url, looksLocal };
  } catch {
    return undefined;
  }
}

type Query = Omit<GitRef, "remote" | "looksLocal">;

function readQuery(url: GitUrl): Query {
  const values = singleValues(url.query);
  const ref = resolveRef(url.ref, values);
  const subdir = agree("subdir", url.subdir, values.get("subdir"));
  const mtime = values.get("mtime") ?? "";
  if (!["", "checkout", "commit"].includes(mtime)) {
    throw bad(`invalid mtime value: ${goQuote(mtime)} (must be "checkout" or "commit")`);
  }
  return {
    ref,
    subdir,
    checksum: values.get("checksum") ?? values.get("commit") ?? "",
    keepGitDir: flag("keep-git-dir", values),
    submodules: flag("submodules", values),
    mtime,
    fetchByCommit: flag("fetch-by-commit", values) ?? false,
  };
}

const flags = ["keep-git-dir", "submodules", "fetch-by-commit"];
const known = new Set(["ref", "tag", "branch", "subdir", "checksum", "commit", "mtime", ...flags]);

function singleValues(query: URLSearchParams): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const key of new Set(query.keys())) {
    const [value = "", ...more] = query.getAll(key);
    if (more.length > 0) throw bad(`query ${goQuote(key)} has multiple values`);
    if (value === "" && !flags.includes(key)) throw bad(`query ${goQuote(key)} has no value`);
    if (!known.has(key)) throw bad(`unexpected query ${goQuote(key)}`);
    values.set(key, value);
  }
  return values;
}

function resolveRef(fragment: string, values: ReadonlyMap<string, string>): string {
  const [tag, branch] = [qualified("refs/tags/", values.get("tag")), qualified("refs/heads/", values.get("branch"))];
  const ref = agree("ref", fragment, values.get("ref"));
  if (tag !== undefined && branch !== undefined) throw bad("branch conflicts with tag");
  return agree("ref", ref, tag ?? branch);
}

function qualified(prefix: string, name: string | undefined): string | undefined {
  return name === undefined || name.startsWith(prefix) ? name : prefix + name;
}

function agree(what: string, one: string, other: string | undefined): string {
  if (other === undefined) return one;
  if (one !== "" && one !== other) {
    throw bad(`${what} conflicts: ${goQuote(one)} vs ${goQuote(other)}`);
  }
  return other;
}

function flag(name: string, values: ReadonlyMap<string, string>): boolean | undefined {
  const text = values.get(name);
  if (text === undefined || text === "") return text === undefined ? undefined : true;
  const value = parseBool(text);
  if (value === undefined) throw bad(`invalid ${name} value: ${goQuote(text)}`);
  return value;
}

function bad(message: string): CooperError {
  return new CooperError("dockerfile/bad-git-ref", message);
}
