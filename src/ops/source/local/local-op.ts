import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { CooperError, errnoOf, nowAndThen, sha256 } from "../../../kit/index.ts";
import type { LocalWanted, Session } from "../../../session/index.ts";
import type { Op } from "../../../solver/index.ts";
import type { OpScope, Ref } from "../../contract.ts";

const scheme = "local://";

/**
 * `local://NAME`: a directory of the caller's, read in place. The result is true for one build only, so it is never stored;
 * steps that read it are found again by the content of what they read.
 */
export function localSource(identifier: string, attrs: ReadonlyMap<string, string>): Op<Ref, OpScope> {
  const name = identifier.slice(scheme.length);
  const patterns = {
    include: patternList(attrs, "local.includepattern"),
    exclude: patternList(attrs, "local.excludepatterns"),
    follow: patternList(attrs, "local.followpaths"),
  };
  return {
    recipe: async () => ({ digest: sha256(identifier), content: [], storable: false }),
    execute: async (_, scope) => {
      const id = `transferring ${name}:`;
      const started = Date.now();
      scope.emit({ type: "status", id, current: 0, started });
      const progress = nowAndThen((current: number) => scope.emit({ type: "status", id, current, started }));
      const sharedKeyHint = attrs.get("local.sharedkeyhint") ?? "";
      const wanted = { ...patterns, ...transferOf(attrs), sharedKeyHint, progress };
      const owner = await ownerOf(attrs.get("local.session"), scope);
      const { path, transferred } = await owner.localDirectory(name, scope, wanted);
      await mustBeDirectory(path);
      const names = patterns.include.length > 0 ? patterns.include : patterns.follow;
      const current = transferred ?? (await bytesRead(path, names));
      scope.emit({ type: "status", id, current, started, completed: Date.now() });
      return [{ kind: "folder", path, ...patterns }];
    },
  };
}

/** How the directory comes when it is elsewhere. Throws `ops/bad-attribute`. */
function transferOf(attrs: ReadonlyMap<string, string>): Pick<LocalWanted, "differ" | "metadataExcept"> {
  const differ = attrs.get("local.differ") ?? "";
  if (differ !== "" && differ !== "none" && differ !== "metadata") {
    throw new CooperError("ops/bad-attribute", `unknown differ ${JSON.stringify(differ)} of a local source`);
  }
  const metadataOnly = goBoolean(attrs.get("local.metadatatransfer") ?? "");
  return {
    differ: differ === "none" ? "none" : "metadata",
    ...(metadataOnly && { metadataExcept: patternList(attrs, "local.metadatatransferexclude") }),
  };
}

/** As Go's `ParseBool`. */
function goBoolean(text: string): boolean {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(?:|0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw new CooperError("ops/bad-attribute", `invalid value for local.metadatatransfer ${JSON.stringify(text)}`);
}

/**
 * Whose directory it is: the session's that the definition names, else any caller's. A definition of an earlier build may
 * name a session that is gone: then it is the caller's, too.
 */
async function ownerOf(id: string | undefined, scope: OpScope): Promise<Session> {
  const { callers } = scope;
  const [first] = callers;
  if (first === undefined) throw new CooperError("ops/no-session", "cannot read a local directory: no active session");
  if (id === undefined || id === "") return first;
  const known = callers.find((caller) => caller.id === id);
  if (known !== undefined || first.peer === undefined) return known ?? first;
  return await first.peer(id, scope).catch((error: unknown) => {
    if (scope.signal.aborted) throw error;
    return first;
  });
}

/** A JSON list of strings, as LLB has its pattern lists. Throws `ops/bad-attribute`. */
export function patternList(attrs: ReadonlyMap<string, string>, key: string): readonly string[] {
  const text = attrs.get(key);
  if (text === undefined || text === "") return [];
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw new CooperError("ops/bad-attribute", `cannot read attribute ${key}: not a JSON list`, { cause });
  }
  if (list === null) return [];
  if (!Array.isArray(list) || !list.every((entry) => typeof entry === "string")) {
    throw new CooperError("ops/bad-attribute", `cannot read attribute ${key}: not a list of strings`);
  }
  return list;
}

async function mustBeDirectory(path: string): Promise<void> {
  const info = await lstatOrUndefined(path);
  if (info?.isDirectory() || info?.isSymbolicLink()) return;
  const found = info === undefined ? "no such file or directory" : "not a directory";
  throw new CooperError("ops/no-local", `cannot read local directory ${JSON.stringify(path)}: ${found}`);
}

/**
 * What the progress line shows. Nothing is transferred, files are read where they are, so the figure is that of files asked for
 * by name; for a whole tree it is upstream's figure of an empty transfer.
 */
async function bytesRead(path: string, names: readonly string[]): Promise<number> {
  if (names.some((pattern) => /[*?[\\!]/.test(pattern))) return 2;
  const infos = await Promise.all(names.map((name) => lstatOrUndefined(join(path, name))));
  return infos.reduce((sum, info) => sum + (info?.isFile() ? info.size : 0), 2);
}

async function lstatOrUndefined(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return undefined;
    throw error;
  }
}
