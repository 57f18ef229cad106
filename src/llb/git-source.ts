import { joinPath } from "../kit/index.ts";
import { caps } from "./caps.ts";
import { type GitUrl, parseGitUrl } from "./git-url.ts";
import { onlyOutput, type VertexOptions } from "./node.ts";
import { SourceNode } from "./source-node.ts";
import { State } from "./state.ts";

export interface GitOptions extends VertexOptions {
  readonly ref?: string;
  readonly subdir?: string;
  readonly keepGitDir?: boolean;
  readonly checksum?: string;
  readonly skipSubmodules?: boolean;
  /** `commit`: files get the commit's time. */
  readonly mtime?: string;
  readonly fetchByCommit?: boolean;
}

/** A git repository's tree. Never fails: a URL that nobody understands fails when it is fetched. */
export function git(url: string, options: GitOptions = {}): State {
  const { remote, fullUrl } = resolveRemote(url);
  const { ref = "", subdir = "" } = options;
  const fragment = ref === "" && subdir === "" ? "" : `#${ref}${subdir === "" ? "" : `:${subdir}`}`;
  const id = remote === undefined ? fullUrl : `${remote.host}${joinPath("/", remote.path)}${fragment}`;
  const { attrs, needed } = describe(remote, fullUrl, options);
  const node = new SourceNode(`git://${id}`, attrs, needed, options);
  return new State(onlyOutput(node, options.platform));
}

function resolveRemote(url: string): { remote: GitUrl | undefined; fullUrl: string } {
  try {
    const remote = parseGitUrl(url) ?? parseGitUrl(`https://${url}`);
    return { remote, fullUrl: remote?.remote ?? url };
  } catch {
    return { remote: undefined, fullUrl: url };
  }
}

function describe(remote: GitUrl | undefined, fullUrl: string, options: GitOptions) {
  const attrs = new Map<string, string>();
  const needed: string[] = [caps.sourceGit];
  const add = (wanted: boolean | undefined, key: string, value: string, cap: string) => {
    if (!wanted) return;
    attrs.set(key, value);
    needed.push(cap);
  };
  add(options.keepGitDir, "git.keepgitdir", "true", caps.sourceGitKeepDir);
  add(fullUrl !== "", "git.fullurl", fullUrl, caps.sourceGitFullUrl);
  // Names of secrets that are used when the caller has them.
  attrs.set("git.authtokensecret", "GIT_AUTH_TOKEN").set("git.authheadersecret", "GIT_AUTH_HEADER");
  if (remote?.scheme === "ssh") {
    needed.push(caps.sourceGitKnownSshHosts);
    add(true, "git.mountsshsock", "default", caps.sourceGitMountSshSock);
  }
  add(Boolean(options.checksum), "git.checksum", options.checksum ?? "", caps.sourceGitChecksum);
  add(options.skipSubmodules, "git.skipsubmodules", "true", caps.sourceGitSkipSubmodules);
  add(Boolean(options.mtime), "git.mtime", options.mtime ?? "", caps.sourceGitMtime);
  add(options.fetchByCommit, "git.fetchbycommit", "true", caps.sourceGitFetchByCommit);
  return { attrs, needed };
}
