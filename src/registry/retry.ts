import { type Scope, sleep } from "../kit/index.ts";
import { failureOf } from "./failure.ts";

/** How long to wait before each further attempt, in milliseconds; its length is the number of further attempts. */
export type Backoff = readonly number[];

/** Together 8 s, like upstream's 1 + 2 + 4, but quicker over a hiccup. */
export const defaultBackoff: Backoff = [100, 500, 1500, 6000];

/**
 * Runs `attempt` until it succeeds, its failure is no passing one, or the attempts are used up. A server's `Retry-After`
 * lengthens the wait. Ends with the scope at once.
 */
export async function withRetries<T>(backoff: Backoff, scope: Scope, attempt: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      const wait = backoff[failures];
      const failure = failureOf(error);
      if (scope.signal.aborted || wait === undefined || failure?.transient !== true) throw error;
      const pause = Math.max(wait, failure.retryAfter ?? 0);
      scope.log(`registry: ${(error as Error).message}, retrying in ${pause} ms`);
      await sleep(pause, scope.signal);
    }
  }
}
