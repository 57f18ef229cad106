import { otlp } from "../grpc/index.ts";
import type { Init } from "../wire/index.ts";
import type { AttributeValue, Span, SpanKind } from "./span.ts";

const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3 };
const scopeName = "cooper";

/** Spans of this process as OTLP sends them; `resource` says who this is. */
export function exportRequest(
  spans: readonly Span[],
  resource: Span["attributes"],
): Init<otlp.ExportTraceServiceRequest> {
  const attributes = keyValues(resource);
  return {
    resourceSpans: [
      { resource: { attributes }, scopeSpans: [{ scope: { name: scopeName }, spans: spans.map(message) }] },
    ],
  };
}

function message(span: Span): Init<otlp.Span> {
  const { STATUS_CODE_ERROR: code } = otlp.StatusCode;
  return {
    traceId: Buffer.from(span.traceId, "hex"),
    spanId: Buffer.from(span.spanId, "hex"),
    parentSpanId: Buffer.from(span.parentId, "hex"),
    name: span.name,
    kind: kinds[span.kind],
    startTimeUnixNano: span.start,
    endTimeUnixNano: span.end,
    attributes: keyValues(span.attributes),
    ...(span.error !== undefined && { status: { code, message: span.error } }),
  };
}

function keyValues(attributes: Span["attributes"]): readonly Init<otlp.KeyValue>[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: { value: anyValue(value) } }));
}

function anyValue(value: AttributeValue): NonNullable<otlp.AnyValue["value"]> {
  if (typeof value === "string") return { case: "stringValue", value };
  if (typeof value === "boolean") return { case: "boolValue", value };
  return Number.isInteger(value) ? { case: "intValue", value: BigInt(value) } : { case: "doubleValue", value };
}

/** Spans that another process sent. */
export function receivedSpans({ resourceSpans }: otlp.ExportTraceServiceRequest): readonly Span[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const about = plainAttributes(resource?.attributes ?? []);
    return scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => plainSpan(span, about, scope?.name ?? "")));
  });
}

function plainSpan(span: otlp.Span, resource: Span["attributes"], scope: string): Span {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const kind = (Object.keys(kinds) as SpanKind[]).find((name) => kinds[name] === span.kind) ?? "internal";
  const failed = span.status?.code === otlp.StatusCode.STATUS_CODE_ERROR;
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentId: hex(span.parentSpanId),
    remoteParent: false,
    name: span.name,
    kind,
    start: span.startTimeUnixNano,
    end: span.endTimeUnixNano,
    attributes: plainAttributes(span.attributes),
    ...(failed && { error: span.status?.message ?? "" }),
    resource,
    scope,
  };
}

/** Lists and maps are rare, and told as JSON. */
function plainAttributes(list: readonly otlp.KeyValue[]): Record<string, AttributeValue> {
  return Object.fromEntries(list.map(({ key, value }) => [key, plainValue(value)]));
}

function plainValue(any: otlp.AnyValue | undefined): AttributeValue {
  const chosen = any?.value;
  switch (chosen?.case) {
    case undefined:
      return "";
    case "stringValue":
    case "boolValue":
    case "doubleValue":
      return chosen.value;
    case "intValue":
      return Number(chosen.value);
    case "bytesValue":
      return Buffer.from(chosen.value).toString("base64");
    case "arrayValue":
      return JSON.stringify(chosen.value.values.map(plainValue));
    case "kvlistValue":
      return JSON.stringify(plainAttributes(chosen.value.values));
  }
}
