/** A debug log line's sink. Users see it with `--debug` only. */
export type Log = (message: string) => void;

/**
 * What everything that waits is given: how it is told to stop, and where it may log.
 * Rooms extend it with what they need (`ops` adds progress and callers). There is no ambient state.
 */
export interface Scope {
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** A scope that is never cancelled and drops its log; for tests and start-up. */
export const quietScope: Scope = { signal: new AbortController().signal, log: () => {} };

/** `work` with a signal of its own: aborted when the parent is, or by `abort`. The parent's listener is removed in the end. */
export async function withChildScope<S extends Scope, T>(
  parent: S,
  work: (scope: S, abort: (reason: unknown) => void) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const onAbort = () => controller.abort(parent.signal.reason);
  if (parent.signal.aborted) onAbort();
  else parent.signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await work({ ...parent, signal: controller.signal }, (reason) => controller.abort(reason));
  } finally {
    parent.signal.removeEventListener("abort", onAbort);
  }
}

/** Resolves after `ms`, or rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** `promise`, or a rejection with the signal's reason if that comes first. The promise itself is not stopped. */
export async function raceSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => {});
    throw signal.reason;
  }
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener("abort", onAbort);
  }
}
