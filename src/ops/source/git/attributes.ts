import { CooperError } from "../../../kit/index.ts";
import { blobSchemes, type NamedBlob, parseNamedBlob } from "../blob/named-blob.ts";

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
  /** The commit id that is pinned is fetched itself, whatever the ref is at the remote. */
  readonly fetchByCommit: boolean;
  /** The blob that the commit comes in, instead of from the remote. */
  readonly bundle: NamedBlob | undefined;
  /** Wanted as a bundle, not as a tree. */
  readonly asBundle: boolean;
  /** Undefined: nobody asks for one. */
  readonly signature: GitSignature | undefined;
}

/** The signature that a commit or an annotated tag must have. */
export interface GitSignature {
  /** Armored OpenPGP keys, or a key of OpenSSH's. */
  readonly publicKey: string;
  /** A key that is over does not count, even if it was good when it signed. */
  readonly rejectExpired: boolean;
  /** Which of the objects may bear it. */
  readonly objects: "either" | "tag" | "commit";
}

const transport = /^(?:https?|ssh|git):\/\//;
const scp = /^[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+:(?!\/\/)/;

/** Throws `ops/bad-attribute` for what git should never see. */
export function gitAttributes(identifier: string, attrs: ReadonlyMap<string, string>): GitSource {
  const [address = "", ...fragments] = identifier.replace(/^git:\/\//, "").split("#");
  const [ref = "", ...subdirs] = fragments.join("#").split(":");
  const source: GitSource = {
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
    fetchByCommit: attrs.get("git.fetchbycommit") === "true",
    bundle: bundleOf(attrs),
    asBundle: attrs.get("git.checkoutbundle") === "true",
    signature: signatureOf(attrs),
  };
  checkTogether(source);
  return source;
}

function bundleOf(attrs: ReadonlyMap<string, string>): NamedBlob | undefined {
  const locator = attrs.get("git.bundle") ?? "";
  if (locator === "") return undefined;
  const scheme = /^([\w+-]+):\/\//.exec(locator)?.[1];
  if (scheme === undefined) throw bad(`failed to parse git.bundle locator ${JSON.stringify(locator)}: missing scheme`);
  if (!blobSchemes.includes(scheme)) {
    const expected = blobSchemes.map((name) => JSON.stringify(name)).join(" or ");
    throw bad(`git.bundle locator scheme ${JSON.stringify(scheme)} is not supported; expected ${expected}`);
  }
  return parseNamedBlob(locator, attrs);
}

/** What no source can be at the same time. */
function checkTogether({ ref, checksum, fetchByCommit, bundle, asBundle, keepGitDir, subdir }: GitSource): void {
  if (bundle !== undefined && checksum === "") throw bad("git.bundle requires git.checksum to be set");
  if (fetchByCommit && !isCommit(ref)) {
    if (checksum === "") throw bad("fetch-by-commit requires a checksum or a commit SHA ref");
    if (!isCommit(checksum)) {
      throw bad(`fetch-by-commit requires a full commit SHA checksum, got ${JSON.stringify(checksum)}`);
    }
  }
  if (bundle !== undefined && ref === "" && !isCommit(checksum)) {
    throw bad(`git.bundle without a ref requires a full commit SHA checksum, got ${JSON.stringify(checksum)}`);
  }
  if (asBundle && keepGitDir) throw bad("git.checkoutbundle is incompatible with git.keepgitdir");
  if (asBundle && subdir !== "") throw bad("git.checkoutbundle is incompatible with git.subdir");
}

/** Whoever says anything of signatures wants one: without a key none will do. */
function signatureOf(attrs: ReadonlyMap<string, string>): GitSignature | undefined {
  const names = ["pubkey", "rejectexpired", "requiresignedtag", "ignoresignedtag"];
  if (!names.some((name) => attrs.has(`git.sig.${name}`))) return undefined;
  const [requiresTag, ignoresTag] = ["requiresignedtag", "ignoresignedtag"].map(
    (name) => attrs.get(`git.sig.${name}`) === "true",
  );
  if (requiresTag && ignoresTag) throw bad("signed tag required but no signed tag found");
  return {
    publicKey: attrs.get("git.sig.pubkey") ?? "",
    rejectExpired: attrs.get("git.sig.rejectexpired") === "true",
    objects: requiresTag ? "tag" : ignoresTag ? "commit" : "either",
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
