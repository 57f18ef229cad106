import type { Scope } from "../../kit/index.ts";
import { hostPlatform, type Platform } from "../../oci/index.ts";
import type { FrontendBridge, FrontendRequest } from "../contract.ts";
import { type Entrypoint, readEntrypoint } from "./context/entrypoint.ts";
import { compileIgnorePatterns, readIgnorePatterns } from "./context/ignore.ts";
import { callerContext, findMainContext, type MainContext } from "./context/main-context.ts";
import { findNamedContext, type NamedContextWorld } from "./context/named-context.ts";
import { Solver } from "./context/solver.ts";
import type { ConvertRequest } from "./convert/convert.ts";
import { type BuildOptions, readOptions } from "./options/options.ts";
import { reworded } from "./parse/index.ts";

/** One request to the frontend: its options read, its Dockerfile loaded. */
export interface Build {
  readonly options: BuildOptions;
  readonly solver: Solver;
  readonly entrypoint: Entrypoint;
  /** The worker's own. */
  readonly workerPlatform: Platform;
  /** All that a conversion needs, save who listens to its findings. */
  readonly conversion: Omit<ConvertRequest, "linter" | "targetPlatform">;
}

/** Reads the options, then runs `check`, then loads the Dockerfile; so errors come in upstream's order. */
export async function openBuild(
  request: FrontendRequest,
  bridge: FrontendBridge,
  scope: Scope,
  check: () => void,
): Promise<Build> {
  const workerPlatform = bridge.workerPlatforms[0] ?? hostPlatform();
  const options = readOptions(request.options, [workerPlatform]);
  check();
  const solver = new Solver(bridge, scope);
  const context = await findMainContext(request, solver);
  const sessionIdOf = (name: string) => request.options[`local-sessionid:${name}`] ?? bridge.sessionId;
  const sessionId = sessionIdOf(context.dockerfileLocal);
  const entrypoint = await readEntrypoint(context, { sessionId, platform: workerPlatform }, solver);
  const world: NamedContextWorld = { ...request, platform: workerPlatform, solver, sessionIdOf };
  const ignore = ignorePatterns(context, entrypoint, sessionIdOf(context.contextLocal), workerPlatform, solver);
  const { file, source } = entrypoint;
  return {
    ...{ options, solver, entrypoint, workerPlatform },
    conversion: {
      ...{ options, solver, file, source },
      ignoreMatcher: async () => compileIgnorePatterns(await ignore()),
      mainContext: async (paths) => {
        if (context.context !== undefined) return context.context;
        const excludes = await forContext(ignore);
        return callerContext(context, { sessionId: sessionIdOf(context.contextLocal), excludes, paths });
      },
      namedContext: (name, given) => findNamedContext(world, name, given),
    },
  };
}

/** The ignore file's patterns, read when they are first wanted. */
function ignorePatterns(
  context: MainContext,
  entrypoint: Entrypoint,
  sessionId: string,
  platform: Platform,
  solver: Solver,
): () => Promise<readonly string[]> {
  let patterns: Promise<readonly string[]> | undefined;
  return () => {
    patterns ??= readIgnorePatterns(context, entrypoint, { sessionId, platform }, solver);
    return patterns;
  };
}

async function forContext(ignore: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await ignore();
  } catch (error) {
    throw reworded(error, (message) => `failed to read dockerignore patterns: ${message}`);
  }
}
