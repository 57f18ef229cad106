import { CooperError, type Scope, sleep } from "../kit/index.ts";
import { failureOf } from "./failure.ts";

/** How long to wait before each further attempt, in milliseconds; its length is the number of further attempts. */
export type Backoff = readonly number[];

/** Together 8 s, like upstream's 1 + 2 + 4, but quicker over a hiccup. */
export const defaultBackoff: Backoff = [100, 500, 1500, 6000];

/** A server that asks for more patience than this, in milliseconds, is not waited for. */
export const longestPause = 60_000;
/** So often a server may be silent until its time is up (a minute each): more would look like a build that hangs. */
export const silencesAllowed = 2;

/**
 * Runs `attempt` until it succeeds, its failure is no passing one, or the attempts are used up. A server's `Retry-After`
 * lengthens the wait, up to a minute; a longer one is an error with a hint. Ends with the scope at once.
 */
export async function withRetries<T>(backoff: Backoff, scope: Scope, attempt: () => Promise<T>): Promise<T> {
  for (let failures = 0, silences = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      const wait = backoff[failures];
      const failure = failureOf(error);
      if (scope.signal.aborted || wait === undefined || failure?.transient !== true) throw error;
      if (failure.errno === "ETIMEDOUT" && silences++ >= silencesAllowed) throw error;
      const pause = Math.max(wait, failure.retryAfter ?? 0);
      if (pause > longestPause) throw tooBusy(error as CooperError, pause);
      scope.log(`registry: ${(error as Error).message}, retrying in ${pause} ms`);
      await sleep(pause, scope.signal);
    }
  }
}

function tooBusy(error: CooperError, pause: number): CooperError {
  const hint = `the registry asks to come back in ${Math.ceil(pause / 1000)} s`;
  return new CooperError(error.code, error.message, { cause: error.cause, details: error.details, hint });
}
