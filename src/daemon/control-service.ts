import type { Engine } from "../engine/index.ts";
import { Code, control, type Handler, health, rpcError, streaming, type types, unary } from "../grpc/index.ts";
import type { Scope } from "../kit/index.ts";
import { remoteSession, type TransferFolders } from "../tunnel/index.ts";
import type { Init } from "../wire/index.ts";
import type { Builds } from "./builds.ts";
import { nobody } from "./nobody.ts";
import type { Sessions } from "./sessions.ts";
import { buildRequest } from "./solve-request.ts";
import { statusMessage } from "./status-message.ts";
import { recordFilter, usageRecord } from "./usage-record.ts";
import { version } from "./worker-record.ts";

/** What the services of one daemon share. */
export interface DaemonParts {
  readonly engine: Engine;
  readonly builds: Builds;
  readonly sessions: Sessions;
  readonly folders: TransferFolders;
  readonly worker: Init<types.WorkerRecord>;
  readonly scope: Scope;
  /** No new builds from now on. */
  readonly draining: () => boolean;
}

/** Upstream's `Control`, and gRPC's health. */
export function controlHandlers(parts: DaemonParts): readonly Handler[] {
  const { ControlService: service } = control;
  const { builds, worker } = parts;
  return [
    unary(service.Solve, (request, call) => solve(parts, request, call.signal)),
    streaming(service.Status, async (call) => {
      const [request] = (await call.messages.read()) ?? [];
      const build = await builds.find(request?.ref ?? "", call.signal);
      call.header(new Map([["buildkit-current-timestamp", [new Date().toISOString()]]]));
      for await (const status of build.progress(call.signal)) await call.messages.send(statusMessage(status));
    }),
    parts.sessions.handler(),
    unary(service.ListWorkers, async () => ({ record: [worker] })),
    unary(service.Info, async () => ({ buildkitVersion: version })),
    unary(service.DiskUsage, async ({ filter }, call) => {
      const entries = await housekeeping(parts).usage({ ...parts.scope, signal: call.signal });
      const wanted = recordFilter(filter, "diskusage");
      return { record: entries.filter((entry) => wanted?.(entry) ?? true).map(usageRecord) };
    }),
    streaming(service.Prune, async (call) => {
      const [request] = (await call.messages.read()) ?? [];
      const filter = recordFilter(request?.filter ?? [], "prune");
      const options = {
        all: request?.all ?? false,
        keepDuration: Number(request?.keepDuration ?? 0n) / 1e6,
        keepBytes: Number(request?.reservedSpace || request?.maxUsedSpace || 0n),
        ...(filter && { filter }),
      };
      call.header();
      // What was used in the very millisecond in which the last build ended is free only now.
      if (parts.builds.running === 0) housekeeping(parts).rest();
      const gone = await housekeeping(parts).prune(options, { ...parts.scope, signal: call.signal });
      for (const entry of gone) await call.messages.send(usageRecord(entry));
    }),
    unary(health.HealthService.Check, async ({ service: name }) => {
      if (name !== "") throw rpcError(Code.NOT_FOUND, "unknown service");
      const { SERVING, NOT_SERVING } = health.ServingStatus;
      return { status: parts.draining() ? NOT_SERVING : SERVING };
    }),
  ];
}

function housekeeping({ engine }: DaemonParts) {
  if (engine.housekeeping === undefined) throw rpcError(Code.UNIMPLEMENTED, "this engine has no storage of its own");
  return engine.housekeeping;
}

/** One build. Without a frontend and a definition, its client is the frontend and comes through the gateway. */
async function solve(
  parts: DaemonParts,
  message: control.SolveRequest,
  signal: AbortSignal,
): Promise<Init<control.SolveResponse>> {
  if (parts.draining()) throw rpcError(Code.UNAVAILABLE, "buildkitd is shutting down");
  const request = buildRequest(message);
  const response = await parts.builds.run(request.ref, async (build) => {
    const caller = message.session === "" ? undefined : await parts.sessions.find(message.session, signal);
    await using session = caller === undefined ? nobody : remoteSession(caller, parts.folders);
    const own = request.frontend === "" && request.definition === undefined ? build.frontend : undefined;
    const ended = AbortSignal.any([signal, parts.scope.signal]);
    return await parts.engine.build(
      request,
      session,
      (status) => build.tell(status),
      { ...parts.scope, signal: ended },
      own,
    );
  });
  return { exporterResponse: new Map(Object.entries(response.exporterResponse)) };
}
