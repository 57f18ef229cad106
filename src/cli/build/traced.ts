import type { SolveStatus } from "../../client/index.ts";
import { messageOf } from "../../kit/index.ts";

export interface TracedCall {
  readonly env: NodeJS.ProcessEnv;
  readonly ref: string;
  /** Somebody else works for it, and tells of the steps. */
  readonly remote: boolean;
  readonly onStatus: (status: SolveStatus) => void;
  readonly warn: (sentence: string) => void;
}

/**
 * Runs a build as a span of the trace that `TRACEPARENT` names, when OpenTelemetry's variables ask for it; else it just runs it. The
 * spans are sent at the end, and a collector that is not there is only a warning. `work` gets the `traceparent` for whoever works for it.
 */
export async function traced<T>(
  { env, ref, remote, onStatus, warn }: TracedCall,
  work: (onStatus: (status: SolveStatus) => void, traceparent?: string) => Promise<T>,
): Promise<T> {
  // Asked before anything is loaded: builds without traces pay nothing.
  if (!env.OTEL_TRACES_EXPORTER && !env.OTEL_EXPORTER_OTLP_ENDPOINT && !env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) {
    return work(onStatus, env.TRACEPARENT);
  }
  const trace = await import("../../trace/index.ts");
  const settings = trace.traceSettings(env);
  if (settings === undefined) return work(onStatus, env.TRACEPARENT);
  const told: SolveStatus[] = [];
  const started = new Date();
  const parent = trace.parseTraceparent(env.TRACEPARENT);
  const context = trace.contextBelow(parent);
  let error: string | undefined;
  try {
    return await work((status) => {
      if (!remote) told.push(status);
      onStatus(status);
    }, trace.formatTraceparent(context));
  } catch (cause) {
    error = messageOf(cause);
    throw cause;
  } finally {
    const spans = trace.buildSpans({
      name: "buildctl build",
      attributes: { ref },
      parent,
      context,
      started,
      completed: new Date(),
      ...(error !== undefined && { error }),
      told,
    });
    await new trace.TraceExporter(settings, trace.traceResource(env, "buildctl"), warn).export(spans);
  }
}
