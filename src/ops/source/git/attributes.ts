import { CooperError } from "../../../kit/index.ts";

/** What LLB says of a checkout (`git://` identifier and `git.*` attributes). */
export interface GitSource {
  /** As git takes it: `https://…`, `ssh://…`, `user@host:path`, `git://…`. */
  readonly remote: string;
  /** Branch, tag, full ref or commit; empty: the remote's HEAD. */
  readonly ref: string;
  /** Clean, relative; empty: the whole tree. */
  readonly subdir: string;
  /** Commit id or the beginning of one. */
  readonly checksum: string;
  readonly keepGitDir: boolean;
  readonly submodules: boolean;
  readonly mtime: "checkout" | "commit";
  readonly tokenSecret: string;
  readonly headerSecret: string;
  readonly sshSocket: string;
  readonly knownHosts: string;
}

const transport = /^(?:https?|ssh|git):\/\//;
const scp = /^[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+:(?!\/\/)/;

/** Throws `ops/bad-attribute` for what git should never see. */
export function gitAttributes(identifier: string, attrs: ReadonlyMap<string, string>): GitSource {
  const [address = "", ...fragments] = identifier.replace(/^git:\/\//, "").split("#");
  // A build that wants a signature checked must not go on without.
  if (attrs.get("git.sig.pubkey")) throw bad("verification of git signatures is not supported yet");
  const [ref = "", ...subdirs] = fragments.join("#").split(":");
  return {
    remote: remoteUrl(attrs.get("git.fullurl") || address),
    ref: checkedRef(ref),
    subdir: checkedSubdir(subdirs.join(":")),
    checksum: checkedChecksum(attrs.get("git.checksum") ?? ""),
    keepGitDir: attrs.get("git.keepgitdir") === "true",
    submodules: attrs.get("git.skipsubmodules") !== "true",
    mtime: attrs.get("git.mtime") === "commit" ? "commit" : "checkout",
    tokenSecret: attrs.get("git.authtokensecret") ?? "",
    headerSecret: attrs.get("git.authheadersecret") ?? "",
    sshSocket: attrs.get("git.mountsshsock") ?? "",
    knownHosts: attrs.get("git.knownsshhosts") ?? "",
  };
}

function remoteUrl(text: string): string {
  const remote = transport.test(text) || scp.test(text) ? text : `https://${text}`;
  if (hasControl(remote) || /\s/.test(remote)) throw bad(`invalid git remote ${JSON.stringify(text)}`);
  return remote;
}

function checkedRef(ref: string): string {
  if (ref.startsWith("-") || hasControl(ref) || /[\s~^:?*[\\]|\.\./.test(ref)) {
    throw bad(`invalid git ref ${JSON.stringify(ref)}`);
  }
  return ref;
}

function checkedSubdir(subdir: string): string {
  const parts = subdir.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..") || hasControl(subdir)) throw bad(`invalid git subdir ${JSON.stringify(subdir)}`);
  return parts.join("/");
}

function checkedChecksum(checksum: string): string {
  if (/^(?:[0-9a-f]{1,64})?$/.test(checksum)) return checksum;
  throw bad(`invalid checksum ${checksum} for Git URL, expected hex commit hash`);
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function bad(sentence: string): CooperError {
  return new CooperError("ops/bad-attribute", sentence);
}

/** The remote as messages may show it. */
export function withoutPassword(remote: string): string {
  return remote.replace(/^(\w+:\/\/)[^@/]*@/, "$1xxxxx:xxxxx@");
}

/** A whole commit id, SHA-1 or SHA-256. */
export function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}
