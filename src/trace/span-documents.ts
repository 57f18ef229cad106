import type { AttributeValue, Span, SpanKind } from "./span.ts";

/** Upstream's media type of what `spanDocuments` makes. */
export const traceMediaType = "application/vnd.buildkit.otlp.json.v0";

const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3 };

/** Spans as upstream keeps them with a build: one JSON document after the other, in the form of Go's OpenTelemetry library. */
export function spanDocuments(spans: readonly Span[], resource: Span["attributes"]): string {
  return spans.map((span) => `${JSON.stringify(document(span, resource), undefined, 2)}\n`).join("");
}

function document(span: Span, own: Span["attributes"]) {
  const { traceId, remoteParent } = span;
  const context = (spanId: string, remote: boolean) => ({
    TraceID: spanId === "" ? "0".repeat(32) : traceId,
    SpanID: spanId || "0".repeat(16),
    TraceFlags: spanId === "" ? "00" : "01",
    TraceState: "",
    Remote: remote,
  });
  const library = { Name: span.scope ?? "cooper", Version: "", SchemaURL: "", Attributes: {} };
  return {
    Name: span.name,
    SpanContext: context(span.spanId, false),
    Parent: context(span.parentId, remoteParent),
    SpanKind: kinds[span.kind],
    StartTime: rfc3339(span.start),
    EndTime: rfc3339(span.end),
    Attributes: attributeList(span.attributes),
    Events: null,
    Links: null,
    Status: { Code: span.error === undefined ? 0 : 1, Description: span.error ?? "" },
    DroppedAttributes: 0,
    DroppedEvents: 0,
    DroppedLinks: 0,
    ChildSpanCount: 0,
    Resource: attributeList(span.resource ?? own),
    InstrumentationScope: library,
    InstrumentationLibrary: library,
  };
}

function attributeList(attributes: Span["attributes"]) {
  const list = Object.entries(attributes).map(([Key, Value]) => ({ Key, Value: { Type: typeName(Value), Value } }));
  return list.length === 0 ? null : list;
}

function typeName(value: AttributeValue): string {
  if (typeof value === "string") return "STRING";
  if (typeof value === "boolean") return "BOOL";
  return Number.isInteger(value) ? "INT64" : "FLOAT64";
}

/** With nanoseconds, without zeros at the end, as Go writes it. */
function rfc3339(nanoseconds: bigint): string {
  const seconds = nanoseconds / 1_000_000_000n;
  const rest = String(nanoseconds % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${whole}${rest === "" ? "" : `.${rest}`}Z`;
}
