import { joinPath } from "../../../kit/index.ts";
import { type GitOptions, http, local, type State, scratch, stateFromDefinition } from "../../../llb/index.ts";
import type { FrontendRef, FrontendRequest } from "../../contract.ts";
import { copyAction } from "../convert/copy-action.ts";
import { gitState, parseGitRef } from "../convert/git-ref.ts";
import { reworded } from "../parse/index.ts";
import { parseBool } from "../parse/values.ts";
import { isArchive } from "./archive-probe.ts";
import type { Solver } from "./solver.ts";

/** Where the context and the Dockerfile come from. */
export interface MainContext {
  /** Undefined: a directory of the caller, loaded once it is known which paths are wanted. */
  readonly context: State | undefined;
  /** Undefined: `dockerfileLocal` of the caller. */
  readonly dockerfile: State | undefined;
  readonly contextLocal: string;
  readonly dockerfileLocal: string;
  readonly filename: string;
  /** The git or http source as it is fetched, for its date. */
  readonly source: State | undefined;
  /** The downloaded tarball that the context is made of. */
  readonly archive: { readonly ref: FrontendRef; readonly filename: string } | undefined;
}

const defaults: MainContext = {
  context: undefined,
  dockerfile: undefined,
  contextLocal: "context",
  dockerfileLocal: "dockerfile",
  filename: "Dockerfile",
  source: undefined,
  archive: undefined,
};

/** Reads `contextkey`, `dockerfilekey`, `filename`, `contextsubdir` and what they point at; downloads a context behind a URL. */
export async function findMainContext(request: FrontendRequest, solver: Solver): Promise<MainContext> {
  const { options } = request;
  const forced = options.dockerfilekey;
  const base: MainContext = {
    ...defaults,
    filename: options.filename ?? defaults.filename,
    dockerfileLocal: forced ?? defaults.dockerfileLocal,
  };
  const where = options[options.contextkey ?? defaults.contextLocal] ?? "";
  const found = gitContext(where, options) ?? (await httpContext(where, base, solver)) ?? inputContext(request, base);
  const dockerfile = forced === undefined ? found.dockerfile : undefined;
  const subdir = options.contextsubdir;
  const context = found.context && subdir !== undefined ? scopeToSubdir(found.context, subdir) : found.context;
  return { ...base, ...found, context, dockerfile };
}

type Found = Partial<MainContext>;

function gitContext(where: string, options: Readonly<Record<string, string>>): Found | undefined {
  const keep = parseBool(options["build-arg:BUILDKIT_CONTEXT_KEEP_GIT_DIR"] ?? "");
  const mtime = options["build-arg:SOURCE_DATE_EPOCH"] ? { mtime: "commit" } : {};
  const state = gitContextState(where, { ...(keep && { keepGitDir: true }), ...mtime });
  return state && { context: state, dockerfile: state, source: state };
}

/** A git repository as a context, or undefined when `where` is none. Throws for one with a bad query. */
export function gitContextState(where: string, options: GitOptions = {}): State | undefined {
  const ref = parseGitRef(where);
  if (ref === undefined) return undefined;
  const keepGitDir = ref.keepGitDir === true || options.keepGitDir === true;
  const mtime = ref.mtime || (options.mtime ?? "");
  return gitState(ref, { keepGitDir, mtime, customName: `[internal] load git source ${where}` });
}

async function httpContext(where: string, base: MainContext, solver: Solver): Promise<Found | undefined> {
  if (!/^https?:\/\//.test(where)) return undefined;
  const filename = "context";
  const source = http(where, { filename, customName: "[internal] load remote build context" });
  const { ref, head } = await download(source, filename, solver);
  if (!isArchive(head)) return { context: source, dockerfile: source, source, filename };
  const from = { output: source.output, dir: source.dir };
  const action = copyAction({ source: from, src: joinPath("/", filename), dest: "/", attemptUnpack: true });
  const context = scratch().file([action]);
  return { context, dockerfile: context, source, archive: { ref, filename }, filename: base.filename };
}

async function download(source: State, filename: string, solver: Solver) {
  const [platform] = solver.bridge.workerPlatforms;
  if (platform === undefined) throw new TypeError("a worker has at least one platform");
  let ref: FrontendRef;
  try {
    ref = await solver.solve(solver.marshal(source, platform));
  } catch (error) {
    throw reworded(error, (message) => `failed to resolve httpcontext: ${message}`);
  }
  try {
    return { ref, head: await solver.readFile(ref, filename, 1024) };
  } catch (error) {
    throw reworded(error, (message) => `failed to read downloaded context: ${message}`);
  }
}

function inputContext(request: FrontendRequest, base: MainContext): Found {
  const context = request.inputs.get(defaults.contextLocal);
  const dockerfile = request.inputs.get(base.dockerfileLocal);
  return {
    ...(context && { context: stateFromDefinition(context.definition) }),
    ...(dockerfile && { dockerfile: stateFromDefinition(dockerfile.definition) }),
  };
}

function scopeToSubdir(context: State, subdir: string): State {
  const source = { output: context.output, dir: context.dir };
  return scratch().file([copyAction({ source, src: subdir, dest: "/", dirCopyContents: true })]);
}

/** The caller's directory as build context, restricted to what the build reads. */
export function callerContext(
  context: MainContext,
  options: {
    readonly sessionId: string;
    readonly excludes: readonly string[];
    /** Undefined: everything. */
    readonly paths: readonly string[] | undefined;
  },
): State {
  return local(context.contextLocal, {
    sessionId: options.sessionId,
    excludePatterns: options.excludes,
    sharedKeyHint: context.contextLocal,
    customName: "[internal] load build context",
    ...(options.paths && { followPaths: options.paths }),
  });
}
