import { createHash, randomBytes } from "node:crypto";

/** Whose work something is part of. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
}

/** W3C's `traceparent` (`00-<trace>-<span>-<flags>`); undefined for what is none, and for one that is not to be recorded. */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  const match = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/.exec(text ?? "");
  const [, traceId = "", spanId = ""] = match ?? [];
  if (match === null || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId };
}

/** As TRACEPARENT has it (W3C Trace Context, "traceparent header"): version 00, sampled. */
export function formatTraceparent({ traceId, spanId }: TraceContext): string {
  return `00-${traceId}-${spanId}-01`;
}

/** For a new span, of the parent's trace or a new one. */
export function contextBelow(parent: TraceContext | undefined): TraceContext {
  return { traceId: parent?.traceId ?? newTraceId(), spanId: newSpanId() };
}

/** The span of a step of a build: known before it has run, so that what runs in it can say whose work it is. */
export function contextOfStep({ traceId, spanId }: TraceContext, vertex: string): TraceContext {
  const name = createHash("sha256").update(`${traceId} ${spanId} ${vertex}`).digest("hex");
  return { traceId, spanId: name.slice(0, 16) };
}

const newTraceId = () => randomBytes(16).toString("hex");
export const newSpanId = () => randomBytes(8).toString("hex");
