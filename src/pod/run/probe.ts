import { request } from "node:http";
import { connect } from "node:net";
import { CooperError, type Scope, sleep } from "../../kit/index.ts";
import type { PodContainer, StartupProbe } from "../contract.ts";
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
  await Promise.race([ended, poll(container, probe, live, scope)]);
}

async function poll(container: PodContainer, probe: StartupProbe, live: LiveContainer, scope: Scope): Promise<void> {
  await sleep(probe.initialDelaySeconds * 1000, scope.signal);
  for (let failures = 0; failures < Math.max(1, probe.failureThreshold); failures++) {
    if (failures > 0) await sleep(Math.max(1, probe.periodSeconds) * 1000, scope.signal);
    if (await succeeds(probe, live, scope)) return;
  }
  throw notUp(container, `its startup probe failed ${probe.failureThreshold} times`);
}

async function succeeds(probe: StartupProbe, live: LiveContainer, scope: Scope): Promise<boolean> {
  const { check } = probe;
  const signal = AbortSignal.any([scope.signal, AbortSignal.timeout(Math.max(1, probe.timeoutSeconds) * 1000)]);
  try {
    switch (check.kind) {
      case "exec":
        return (await live.exec(check.command, { ...scope, signal })) === 0;
      case "tcp":
        return await connects(check.port, signal);
      case "http":
        return await answers(check.port, check.path, signal);
    }
  } catch {
    scope.signal.throwIfAborted();
    return false;
  }
}

function connects(port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, signal });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function answers(port: number, path: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, path, signal }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 400);
    });
    asked.once("error", () => resolve(false));
    asked.end();
  });
}

function notUp({ name }: PodContainer, why: string): CooperError {
  return new CooperError("pod/not-up", `sidecar ${JSON.stringify(name)} did not come up: ${why}`);
}
