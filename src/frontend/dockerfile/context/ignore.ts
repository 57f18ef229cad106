import { CooperError, decodeRaw, goQuote, messageOf, PatternMatcher, readIgnoreFile } from "../../../kit/index.ts";
import { local } from "../../../llb/index.ts";
import type { Platform } from "../../../oci/index.ts";
import type { Entrypoint } from "./entrypoint.ts";
import type { MainContext } from "./main-context.ts";
import type { Solver } from "./solver.ts";

/** The patterns of `Dockerfile.dockerignore` or `.dockerignore`; none for a context that is no directory of the caller. */
export async function readIgnorePatterns(
  context: MainContext,
  entrypoint: Entrypoint,
  options: { readonly sessionId: string; readonly platform: Platform },
  solver: Solver,
): Promise<readonly string[]> {
  if (context.context !== undefined) return [];
  const file = entrypoint.ignoreFile;
  if (file !== undefined) return readIgnoreFile(decodeRaw(file.data));
  return loadIgnoreFile(context.contextLocal, options, solver, {
    customName: "[internal] load .dockerignore",
    sharedKeyHint: `${context.contextLocal}-.dockerignore`,
    evaluate: false,
  });
}

/** The patterns of the `.dockerignore` in a directory of the caller. */
export async function loadIgnoreFile(
  name: string,
  options: { readonly sessionId: string; readonly platform: Platform },
  solver: Solver,
  load: { readonly customName: string; readonly sharedKeyHint: string; readonly evaluate: boolean },
): Promise<readonly string[]> {
  const { customName, sharedKeyHint, evaluate } = load;
  const followPaths = [".dockerignore"];
  const { sessionId, platform } = options;
  const state = local(name, { sessionId, followPaths, sharedKeyHint, customName, noDiffer: true });
  const ref = await solver.solve(solver.marshal(state, platform), evaluate);
  try {
    return readIgnoreFile(decodeRaw(await solver.readFile(ref, ".dockerignore")));
  } catch (error) {
    if (solver.scope.signal.aborted) throw error;
    return [];
  }
}

/** Undefined when there are no patterns. Throws for a pattern that is none. */
export function compileIgnorePatterns(patterns: readonly string[]): PatternMatcher | undefined {
  if (patterns.length === 0) return undefined;
  try {
    return new PatternMatcher(patterns);
  } catch (cause) {
    const bad = patterns.find((pattern) => !isPattern(pattern));
    const hint = `a line of .dockerignore is no pattern: ${goQuote(bad ?? "")}`;
    throw new CooperError("frontend/bad-ignore-file", messageOf(cause), { cause, hint });
  }
}

function isPattern(text: string): boolean {
  try {
    new PatternMatcher([text]);
    return true;
  } catch {
    return false;
  }
}
