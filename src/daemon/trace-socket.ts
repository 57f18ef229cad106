import { join } from "node:path";
import type { EngineOptions } from "../engine/index.ts";
import { GrpcServer, type Handler, otlp, unary } from "../grpc/index.ts";
import { type Log, messageOf, prefixed } from "../kit/index.ts";
import { type Listener, listen } from "./listen.ts";

type TraceOptions = Pick<EngineOptions, "traceSocket" | "root">;

/** The socket by which processes of steps send spans. */
export function traceSocket({ traceSocket: asked, root }: TraceOptions): string {
  return asked ?? join(root, "otel-grpc.sock");
}

type ReceiveSpans = (request: otlp.ExportTraceServiceRequest) => void;

/** OTLP's service for spans. */
export function spanReceiver(receive: ReceiveSpans): Handler {
  return unary(otlp.TraceServiceService.Export, async (request) => {
    receive(request);
    return {};
  });
}

/** That service alone, on a socket of its own, which steps of all users may open. Throws `daemon/listen-failed`. */
export function serveSpans(path: string, receive: ReceiveSpans, log: Log): Promise<Listener> {
  return listen(`unix://${path}`, new GrpcServer([spanReceiver(receive)], { log }), { mode: 0o666 });
}

/**
 * Serves it: nothing but the receiver of spans. One that nobody asked for may be missing, where it cannot be made (a path that is too long, a file
 * system without sockets). Throws `daemon/listen-failed`.
 */
export async function serveTraces(
  options: TraceOptions,
  tracing: { receive: ReceiveSpans },
  log: Log,
): Promise<Listener | undefined> {
  try {
    return await serveSpans(traceSocket(options), (request) => tracing.receive(request), log);
  } catch (error) {
    if (options.traceSocket !== undefined) {
      throw prefixed("creating trace controller listener", error, "daemon/listen-failed");
    }
    log(`steps cannot send traces: ${messageOf(error)}`);
    return undefined;
  }
}
