import type { SolveStatus } from "../../client/index.ts";
import { messageOf } from "../../kit/index.ts";
import type { StepTraces } from "./step-traces.ts";

export interface TracedCall {
  readonly env: NodeJS.ProcessEnv;
  readonly ref: string;
  /** Somebody else works for it, and tells of the steps. */
  readonly remote: boolean;
  /** Where steps of a build in this process are to send their spans; by default a socket of its own. */
  readonly traceSocket?: string | undefined;
  readonly onStatus: (status: SolveStatus) => void;
  readonly warn: (sentence: string) => void;
}

/**
 * Runs a build as a span of the trace that `TRACEPARENT` names, when OpenTelemetry's variables ask for it; else it just runs it. The
 * spans are sent at the end, and a collector that is not there is only a warning. `work` gets the `traceparent` for whoever works for it,
 * and, when that is this process, how its steps take part.
 */
export async function traced<T>(
  { env, ref, remote, traceSocket, onStatus, warn }: TracedCall,
  work: (onStatus: (status: SolveStatus) => void, traceparent?: string, steps?: StepTraces) => Promise<T>,
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
  const exporter = new trace.TraceExporter(settings, trace.traceResource(env, "buildctl"), warn);
  const tell = (status: SolveStatus) => {
    if (!remote) told.push(status);
    onStatus(status);
  };
  let error: string | undefined;
  try {
    if (remote) return await work(tell, trace.formatTraceparent(context));
    const { stepTraces } = await import("./step-traces.ts");
    await using steps = await stepTraces(exporter, context, traceSocket, warn);
    return await work(tell, trace.formatTraceparent(context), steps);
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
    await exporter.export(spans);
    await exporter.close();
  }
}
