import { joinPath } from "../kit/index.ts";
import { parseGitUrl } from "../llb/index.ts";

/**
 * A git repository's URL in its plain form, `https://host/a.git#ref:folder`, whatever way the ref is given in; undefined when the text
 * is no URL that a Dockerfile's context takes for a repository.
 */
export function gitLocation(text: string, form: "whole" | "without folder"): string | undefined {
  const found = parse(text);
  if (found === undefined) return undefined;
  const folder = form === "whole" && found.subdir !== "" ? `:${found.subdir}` : "";
  return found.ref === "" && folder === "" ? found.remote : `${found.remote}#${found.ref}${folder}`;
}

interface Location {
  readonly remote: string;
  readonly ref: string;
  readonly subdir: string;
}

function parse(text: string): Location | undefined {
  if (/^\.\.?\//.test(text)) return undefined;
  const short = text.startsWith("github.com/");
  const url = parsedUrl(short ? `https://${text}` : text);
  if (url === undefined) return undefined;
  // A server of files is no repository.
  if (!short && url.scheme.startsWith("http") && !url.path.endsWith(".git")) return undefined;
  const { query } = url;
  const tag = query.get("tag");
  const branch = query.get("branch");
  const named =
    (tag && prefixed("refs/tags/", tag)) || (branch && prefixed("refs/heads/", branch)) || (query.get("ref") ?? "");
  return {
    remote: short ? url.remote.slice("https://".length) : url.remote,
    ref: url.ref || named,
    subdir: url.subdir || joinPath("/", query.get("subdir") ?? "").slice(1),
  };
}

function parsedUrl(text: string): ReturnType<typeof parseGitUrl> {
  try {
    return parseGitUrl(text);
  } catch {
    return undefined;
  }
}

function prefixed(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name : prefix + name;
}
