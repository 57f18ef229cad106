import { CooperError, type Scope, sleep } from "../../kit/index.ts";
import type { PodContainer, Probe } from "../contract.ts";
import { succeeds } from "./check.ts";
import type { LiveContainer } from "./run-container.ts";

/** Waits until a sidecar's startup probe succeeds. Throws `pod/not-up` when it does not in time, or when the container ends before. */
export async function waitUntilUp(container: PodContainer, live: LiveContainer, scope: Scope): Promise<void> {
  const probe = container.startupProbe;
  if (probe === undefined) return;
  const ended = live.end.then(
    ({ exitCode }) => Promise.reject(notUp(container, `it ended with exit code ${exitCode}`)),
    (error: unknown) => Promise.reject(error),
  );
  ended.catch(() => {});
  const over = new AbortController();
  const probing = { ...scope, signal: AbortSignal.any([scope.signal, over.signal]) };
  try {
    if (await Promise.race([ended, comesUp(probe, live, probing)])) return;
  } finally {
    over.abort();
  }
  throw notUp(container, `its startup probe failed ${probe.failureThreshold} times`);
}

/** False when it has failed as often as it may. */
async function comesUp(probe: Probe, live: LiveContainer, scope: Scope): Promise<boolean> {
  await sleep(probe.initialDelaySeconds * 1000, scope.signal);
  for (let failures = 0; failures < probe.failureThreshold; failures++) {
    if (failures > 0) await sleep(probe.periodSeconds * 1000, scope.signal);
    if (await succeeds(probe.check, probe.timeoutSeconds, live, scope)) return true;
  }
  return false;
}

/** Resolves when it has failed as often in a row as it may. */
async function failsForGood(probe: Probe, live: LiveContainer, scope: Scope): Promise<void> {
  await sleep(probe.initialDelaySeconds * 1000, scope.signal);
  for (let failures = 0; failures < probe.failureThreshold; ) {
    failures = (await succeeds(probe.check, probe.timeoutSeconds, live, scope)) ? 0 : failures + 1;
    if (failures < probe.failureThreshold) await sleep(probe.periodSeconds * 1000, scope.signal);
  }
}

/**
 * Watches a container's health: its startup probe unless it is `up` already, then its liveness probe. Calls `onSick` with what is wrong, once.
 * Ends with the container, or when the returned function is called.
 */
export function watchHealth(
  { startupProbe, livenessProbe }: PodContainer,
  live: LiveContainer,
  scope: Scope,
  up: boolean,
  onSick: (why: string) => void,
): () => void {
  const over = new AbortController();
  const watching: Scope = { ...scope, signal: AbortSignal.any([scope.signal, over.signal]) };
  const watch = async () => {
    if (!up && startupProbe !== undefined && !(await comesUp(startupProbe, live, watching))) {
      return onSick(`its startup probe failed ${startupProbe.failureThreshold} times`);
    }
    if (livenessProbe === undefined) return;
    await failsForGood(livenessProbe, live, watching);
    onSick(`its liveness probe failed ${livenessProbe.failureThreshold} times`);
  };
  if (livenessProbe !== undefined || (!up && startupProbe !== undefined)) watch().catch(() => {});
  const stop = () => over.abort();
  live.end.then(stop, stop);
  return stop;
}

function notUp({ name }: PodContainer, why: string): CooperError {
  return new CooperError("pod/not-up", `sidecar ${JSON.stringify(name)} did not come up: ${why}`);
}
