import { CooperError, joinPath } from "../kit/index.ts";

/** Where a git repository is, as people write it: `https://host/a.git#ref:dir`, `git@host:a.git?ref=x`, … */
export interface GitUrl {
  readonly scheme: "http" | "https" | "ssh" | "git";
  readonly host: string;
  readonly path: string;
  /** From the fragment `#ref:subdir`. */
  readonly ref: string;
  readonly subdir: string;
  readonly query: URLSearchParams;
  /** What git is given: without fragment and query. */
  readonly remote: string;
}

const protocol = /^[a-zA-Z0-9]+:\/\//;
const known = new Set(["http", "https", "ssh", "git"]);
const scpStyle = /^(?:([a-zA-Z0-9-_]+)@)([a-zA-Z0-9-.]+):([^?#]*?)(?:\?([^#]*))?(?:#(.*))?$/;

/** Undefined when the text is no URL at all. Throws `llb/bad-git-url` for a protocol that git does not speak, or a broken URL. */
export function parseGitUrl(text: string): GitUrl | undefined {
  const start = protocol.exec(text)?.[0];
  if (start === undefined) return parseScpStyle(text);
  const scheme = start.slice(0, -3).toLowerCase();
  if (!known.has(scheme)) throw new CooperError("llb/bad-git-url", `${scheme}: invalid protocol`);
  return parseHierarchical(text, scheme as GitUrl["scheme"]);
}

function parseScpStyle(text: string): GitUrl | undefined {
  const match = scpStyle.exec(text);
  if (match === null) return undefined;
  const [, user = "", host = "", path = "", query = "", fragment = ""] = match;
  return {
    scheme: "ssh",
    host,
    path,
    ...splitFragment(fragment),
    query: new URLSearchParams(query),
    remote: `${user}@${host}:${path}`,
  };
}

function parseHierarchical(text: string, scheme: GitUrl["scheme"]): GitUrl {
  const [beforeFragment = "", fragment = ""] = cut(text, "#");
  const [location = "", query = ""] = cut(beforeFragment, "?");
  const afterScheme = location.slice(location.indexOf("://") + 3);
  const slash = afterScheme.indexOf("/");
  const authority = slash < 0 ? afterScheme : afterScheme.slice(0, slash);
  const path = slash < 0 ? "" : afterScheme.slice(slash);
  return {
    scheme,
    host: authority.slice(authority.lastIndexOf("@") + 1),
    path: decode(path, text),
    ...splitFragment(decode(fragment, text)),
    query: new URLSearchParams(query),
    remote: `${scheme}://${authority}${path}`,
  };
}

function splitFragment(fragment: string): { ref: string; subdir: string } {
  const [ref = "", subdir = ""] = cut(fragment, ":");
  return { ref, subdir: joinPath("/", subdir).slice(1) };
}

function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(part: string, whole: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new CooperError("llb/bad-git-url", `parse ${JSON.stringify(whole)}: invalid URL escape`, { cause });
  }
}
