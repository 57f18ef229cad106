import type { SolveStatus } from "../../client/index.ts";
import { messageOf } from "../../kit/index.ts";

export interface TracedCall {
  readonly env: NodeJS.ProcessEnv;
  readonly ref: string;
  readonly onStatus: (status: SolveStatus) => void;
  readonly warn: (sentence: string) => void;
}

/**
 * Runs a build in this process as a span of the trace that `TRACEPARENT` names, when OpenTelemetry's variables ask for it; else
 * it just runs it. The spans are sent at the end, and a collector that is not there is only a warning.
 */
export async function traced<T>(
  { env, ref, onStatus, warn }: TracedCall,
  work: (onStatus: (status: SolveStatus) => void) => Promise<T>,
): Promise<T> {
  // Asked before anything is loaded: builds without traces pay nothing.
  if (!env.OTEL_TRACES_EXPORTER && !env.OTEL_EXPORTER_OTLP_ENDPOINT && !env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) {
    return work(onStatus);
  }
  const trace = await import("../../trace/index.ts");
  const settings = trace.traceSettings(env);
  if (settings === undefined) return work(onStatus);
  const told: SolveStatus[] = [];
  const started = new Date();
  let error: string | undefined;
  try {
    return await work((status) => {
      told.push(status);
      onStatus(status);
    });
  } catch (cause) {
    error = messageOf(cause);
    throw cause;
  } finally {
    const spans = trace.buildSpans({
      name: "buildctl build",
      attributes: { ref },
      parent: trace.parseTraceparent(env.TRACEPARENT),
      started,
      completed: new Date(),
      ...(error !== undefined && { error }),
      told,
    });
    await new trace.TraceExporter(settings, trace.traceResource(env, "buildctl"), warn).export(spans);
  }
}
