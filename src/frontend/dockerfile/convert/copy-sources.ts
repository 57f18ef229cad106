import { basePath, CooperError, encodeRaw, goQuote, joinPath, parseDigest } from "../../../kit/index.ts";
import { type FileActionSpec, http, type OwnerSpec, type State, scratch } from "../../../llb/index.ts";
import { blame, blaming } from "../parse/index.ts";
import { checkIgnoredSource } from "./checks.ts";
import type { Conversion } from "./context.ts";
import { copyAction } from "./copy-action.ts";
import type { CopyLike } from "./dispatch-copy.ts";
import { type GitRef, gitState, isHttpSource, parseGitRef } from "./git-ref.ts";
import { normalizeImagePath, prefixed, stripDrive, toSlash } from "./image-path.ts";
import type { StageState } from "./stage.ts";

/** What all sources of one instruction have in common. */
export interface CopyShared {
  readonly dest: string;
  readonly mode: number | undefined;
  readonly modeString: string;
  readonly owner: OwnerSpec | undefined;
  readonly createDestPath: boolean;
  readonly excludePatterns: readonly string[];
}

interface CopyFrom {
  /** The tree that paths are in. */
  readonly source: State;
  /** What progress shows for whatever is downloaded. */
  readonly name: string;
  readonly shared: CopyShared;
}

/** One action per source: repositories, downloads, paths, and heredocs last. */
export function copyActions(
  stage: StageState,
  instruction: CopyLike,
  from: CopyFrom,
  conversion: Conversion,
): FileActionSpec[] {
  const remembered: Remembered = {
    keepGitDir: instruction.kind === "add" ? instruction.keepGitDir : undefined,
    checksum: instruction.kind === "add" ? instruction.checksum : "",
  };
  const actionOf = (path: string) => {
    const ref = parseGitRef(path);
    if (ref !== undefined && !ref.looksLocal) return gitAction(instruction, ref, remembered, from);
    if (isHttpSource(path)) return httpAction(instruction, path, remembered.checksum, from);
    return pathAction(stage, instruction, path, from, conversion);
  };
  const actions = instruction.sourcePaths.map((path) => blaming([path], () => actionOf(path)));
  return [...actions, ...instruction.sourceContents.map((content) => contentAction(stage, content, from))];
}

/** What a git source's query said also goes for the sources after it. */
interface Remembered {
  keepGitDir: boolean | undefined;
  checksum: string;
}

function gitAction(
  instruction: CopyLike,
  ref: GitRef,
  remembered: Remembered,
  { name, shared }: CopyFrom,
): FileActionSpec {
  if (instruction.kind !== "add") throw refused("source can't be a git ref for COPY");
  const { keepGitDir, checksum } = remembered;
  if (keepGitDir !== undefined && ref.keepGitDir !== undefined && keepGitDir !== ref.keepGitDir) {
    throw refused("inconsistent keep-git-dir configuration");
  }
  if (checksum !== "" && ref.checksum !== "" && checksum !== ref.checksum) {
    throw refused(`checksum mismatch ${goQuote(checksum)} != ${goQuote(ref.checksum)}`);
  }
  remembered.keepGitDir = ref.keepGitDir ?? keepGitDir;
  remembered.checksum = ref.checksum || checksum;
  const state = gitState(ref, {
    customName: name,
    keepGitDir: remembered.keepGitDir === true,
    checksum: remembered.checksum,
  });
  return copyAction({ ...shared, source: sourceOf(state), src: "/" });
}

function httpAction(instruction: CopyLike, url: string, checksum: string, { name, shared }: CopyFrom): FileActionSpec {
  if (instruction.kind !== "add") throw refused("source can't be a URL for COPY");
  const filename = downloadName(url);
  const state = http(url, {
    filename,
    customName: name,
    checksum: checksum === "" ? undefined : checkedDigest(checksum),
    description: { "com.docker.dockerfile.v1.command": "" },
  });
  return copyAction({
    ...shared,
    source: sourceOf(state),
    src: filename,
    attemptUnpack: instruction.unpack === true,
  });
}

/** The last part of the URL's path. */
export function downloadName(url: string): string {
  let path: string;
  try {
    path = decodeURIComponent(/^[^:]+:\/\/[^/?#]*([^?#]*)/.exec(url)?.[1] ?? "");
  } catch {
    return "__unnamed__";
  }
  const name = basePath(path);
  return name === "." || name === "/" ? "__unnamed__" : name;
}

/** The value of `--checksum`. Throws what is wrong with it in upstream's words. */
export function checkedDigest(text: string): string {
  if (!/^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/.test(text))
    throw refused("invalid checksum digest format", "--checksum");
  try {
    return parseDigest(text);
  } catch {
    const known = /^(?:sha256|sha384|sha512):/.test(text);
    throw refused(known ? "invalid checksum digest length" : "unsupported digest algorithm", "--checksum");
  }
}

function pathAction(
  stage: StageState,
  instruction: CopyLike,
  path: string,
  { source, shared }: CopyFrom,
  conversion: Conversion,
): FileActionSpec {
  const os = stage.platform?.os ?? "";
  const fromContext = instruction.kind === "add" || instruction.from === "";
  const matcher = fromContext ? conversion.ignoreMatcher : undefined;
  const command = instruction.kind === "add" ? "Add" : "Copy";
  checkIgnoredSource(path, command, matcher, instruction.location, conversion.linter);
  const parents = instruction.kind === "copy" && instruction.parents ? splitPivot(path, os) : undefined;
  return copyAction({
    ...shared,
    source: sourceOf(source),
    src: normalized(parents?.base ?? path, os),
    includePatterns: parents?.patterns ?? [],
    requiredPaths: parents?.required ?? [],
    followSymlink: true,
    dirCopyContents: true,
    attemptUnpack: instruction.kind === "add" && (instruction.unpack ?? true),
    allowWildcard: true,
    allowEmptyWildcard: true,
  });
}

/** `--parents`: what stands before `/./` is left away, what follows is kept as directories. */
function splitPivot(path: string, os: string) {
  const at = path.indexOf("/./");
  const base = at < 0 ? "/" : path.slice(0, at);
  const pattern = normalized(at < 0 ? path : path.slice(at + 3), os);
  const required = hasWildcard(base) || hasWildcard(pattern) ? [] : [normalized(joinPath(base, pattern), os)];
  return { base, patterns: [pattern.replace(/^\//, "")], required };
}

function normalized(path: string, os: string): string {
  return prefixed("removing drive letter", () => normalizeImagePath("/", path, os, false));
}

function hasWildcard(text: string): boolean {
  return /[*?[]/.test(text.replace(/\\./gs, ""));
}

function contentAction(
  stage: StageState,
  content: CopyLike["sourceContents"][number],
  { shared }: CopyFrom,
): FileActionSpec {
  const os = stage.platform?.os ?? "";
  const path = prefixed("removing drive letter", () => stripDrive(content.path, os, false));
  const file = { kind: "mkfile", path, mode: 0o644, data: encodeRaw(content.data), timestamp: undefined } as const;
  const options = { customName: "[internal] preparing inline document", platform: stage.platform };
  return copyAction({ ...shared, source: sourceOf(scratch().file([file], options)), src: toSlash(path, os) });
}

function sourceOf(state: State) {
  return { output: state.output, dir: state.dir };
}

function refused(message: string, ...blamed: readonly string[]): CooperError {
  return new CooperError("dockerfile/bad-source", message, blamed.length > 0 ? blame(...blamed) : {});
}
