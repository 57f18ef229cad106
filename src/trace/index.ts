export { buildSpans, type Progress, type TracedBuild } from "./build-spans.ts";
export { contextBelow, contextOfStep, formatTraceparent, parseTraceparent, type TraceContext } from "./context.ts";
export { TraceExporter } from "./exporter.ts";
export { receivedSpans } from "./otlp-message.ts";
export { type TraceSettings, traceResource, traceSettings } from "./settings.ts";
export type { Span } from "./span.ts";
export { spanDocuments, traceMediaType } from "./span-documents.ts";
