import type { BuildRequest, BuildResponse } from "../engine/index.ts";
import { Code, type control, firstOf, rpcError, type ServerCall } from "../grpc/index.ts";
import type { Scope } from "../kit/index.ts";
import { remoteSession } from "../tunnel/index.ts";
import type { Init } from "../wire/index.ts";
import type { Build } from "./builds.ts";
import type { DaemonParts } from "./daemon-parts.ts";
import { recordBuild } from "./history/record-build.ts";
import { nobody } from "./nobody.ts";
import { policySession } from "./policy-session.ts";
import { finalizeExport, sessionExporters } from "./session-exporters.ts";
import { buildRequest } from "./solve-request.ts";

/** One build. Without a frontend and a definition, its client is the frontend and comes through the gateway. */
export async function solve(
  parts: DaemonParts,
  message: control.SolveRequest,
  { signal, metadata }: Pick<ServerCall<unknown, unknown>, "signal" | "metadata">,
): Promise<Init<control.SolveResponse>> {
  if (parts.draining()) throw rpcError(Code.UNAVAILABLE, "buildkitd is shutting down");
  const request = buildRequest(message);
  const response = await parts.builds.run(request.ref, async (build) => {
    const { history, engine, tracing } = parts;
    const parent = firstOf(metadata, "traceparent");
    return tracing.run(build, parent, message.internal ? undefined : history, async (traceOf) => {
      const work = (onProvenance?: BuildRequest["onProvenance"]) =>
        runBuild(parts, message, build, signal, { traceOf, ...(onProvenance && { onProvenance }) });
      return message.internal ? work() : recordBuild(history, build, request, engine.housekeeping, work);
    });
  });
  parts.garbage.buildEnded();
  return { exporterResponse: new Map(Object.entries(response.exporterResponse)) };
}

async function runBuild(
  parts: DaemonParts,
  message: control.SolveRequest,
  build: Build,
  signal: AbortSignal,
  listeners: Pick<BuildRequest, "onProvenance" | "traceOf">,
): Promise<BuildResponse> {
  const request = buildRequest(message);
  const ended = AbortSignal.any([signal, parts.scope.signal]);
  const caller = message.session === "" ? undefined : await parts.sessions.find(message.session, ended);
  const peers = (id: string, scope: Scope) => parts.sessions.find(id, scope.signal);
  await using session = caller === undefined ? nobody : remoteSession(caller, parts.lendFolder, peers);
  const own = request.frontend === "" && request.definition === undefined ? build.frontend : undefined;
  const scope = { ...parts.scope, signal: ended };
  const asks = message.enableSessionExporter ? caller : undefined;
  const judge = message.sourcePolicySession;
  const whole = {
    ...request,
    ...listeners,
    ...(asks && { chooseExporters: sessionExporters(asks) }),
    ...(judge !== "" && { verifySource: policySession(() => parts.sessions.find(judge, ended)) }),
  };
  const response = await parts.engine.build(whole, session, (status) => build.tell(status), scope, own);
  if (asks !== undefined) await finalizeExport(asks, response.exporterResponse, ended);
  return response;
}
