import type { BuildRequest, BuildResponse, Engine, EngineOptions, OpenEngine, SolveStatus } from "../engine/index.ts";
import { CooperError, firstOf, messageOf, type Scope } from "../kit/index.ts";
import { createLocalSession, type LocalSessionOptions } from "../session/index.ts";
import { loginHint } from "./login-hint.ts";

/** One build, whole: what to build, what the caller offers, where and how the engine works, who hears of the progress. */
export interface BuildCall {
  readonly request: BuildRequest;
  readonly session: LocalSessionOptions;
  readonly engine: EngineOptions;
  readonly onStatus: (status: SolveStatus) => void;
}

/** The engine is by far the largest room: it loads when a build really starts. */
const embedEngine: OpenEngine = async (options, scope) =>
  (await import("../engine/index.ts")).openEngine(options, scope);

/**
 * Runs one build in this process and settles all of it before it returns. Throws what is wrong with the caller's offers
 * or the engine's options as it is; `client/solve-failed` ("failed to solve: …", with the cause's hint and details) when
 * the build itself fails, `client/cancelled` when the scope ended it.
 */
export async function build(call: BuildCall, scope: Scope, openEngine = embedEngine): Promise<BuildResponse> {
  try {
    await using session = await createLocalSession(call.session);
    await using engine = await openEngine(call.engine, scope);
    return await solve(engine, call, session, scope);
  } catch (error) {
    throw firstOf(error);
  }
}

async function solve(
  engine: Engine,
  call: BuildCall,
  session: Awaited<ReturnType<typeof createLocalSession>>,
  scope: Scope,
): Promise<BuildResponse> {
  try {
    return await engine.build(call.request, session, call.onStatus, scope);
  } catch (error) {
    const cause = firstOf(error);
    if (scope.signal.aborted) {
      throw new CooperError("client/cancelled", "failed to solve: Canceled: context canceled", { cause });
    }
    const told = cause instanceof CooperError ? cause : undefined;
    const hint = (await loginHint(cause, session, scope)) ?? told?.hint;
    throw new CooperError("client/solve-failed", `failed to solve: ${messageOf(cause)}`, {
      cause,
      details: told?.details,
      hint,
    });
  }
}
