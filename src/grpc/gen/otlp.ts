// Generated from src/grpc/proto/otlp.proto by tools/proto.ts; do not edit.

import { field, type MessageType, method, unionCase } from "../../wire/index.ts";

export const SpanKind = {
  SPAN_KIND_UNSPECIFIED: 0,
  SPAN_KIND_INTERNAL: 1,
  SPAN_KIND_SERVER: 2,
  SPAN_KIND_CLIENT: 3,
} as const;

export const StatusCode = {
  STATUS_CODE_UNSET: 0,
  STATUS_CODE_OK: 1,
  STATUS_CODE_ERROR: 2,
} as const;

export interface ExportTraceServiceRequest {
  readonly resourceSpans: readonly ResourceSpans[];
}
export const ExportTraceServiceRequest: MessageType<ExportTraceServiceRequest> = {
  name: "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
  fields: [
    field(1, "resourceSpans", () => ResourceSpans, "list"),
  ],
};

export interface ExportTraceServiceResponse {
}
export const ExportTraceServiceResponse: MessageType<ExportTraceServiceResponse> = {
  name: "opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse",
  fields: [
  ],
};

export interface ResourceSpans {
  readonly resource?: Resource;
  readonly scopeSpans: readonly ScopeSpans[];
  readonly schemaUrl: string;
}
export const ResourceSpans: MessageType<ResourceSpans> = {
  name: "opentelemetry.proto.collector.trace.v1.ResourceSpans",
  fields: [
    field(1, "resource", () => Resource),
    field(2, "scopeSpans", () => ScopeSpans, "list"),
    field(3, "schemaUrl", "string"),
  ],
};

export interface Resource {
  readonly attributes: readonly KeyValue[];
}
export const Resource: MessageType<Resource> = {
  name: "opentelemetry.proto.collector.trace.v1.Resource",
  fields: [
    field(1, "attributes", () => KeyValue, "list"),
  ],
};

export interface ScopeSpans {
  readonly scope?: InstrumentationScope;
  readonly spans: readonly Span[];
  readonly schemaUrl: string;
}
export const ScopeSpans: MessageType<ScopeSpans> = {
  name: "opentelemetry.proto.collector.trace.v1.ScopeSpans",
  fields: [
    field(1, "scope", () => InstrumentationScope),
    field(2, "spans", () => Span, "list"),
    field(3, "schemaUrl", "string"),
  ],
};

export interface InstrumentationScope {
  readonly name: string;
  readonly version: string;
}
export const InstrumentationScope: MessageType<InstrumentationScope> = {
  name: "opentelemetry.proto.collector.trace.v1.InstrumentationScope",
  fields: [
    field(1, "name", "string"),
    field(2, "version", "string"),
  ],
};

export interface Span {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly traceState: string;
  readonly parentSpanId: Uint8Array;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly attributes: readonly KeyValue[];
  readonly events: readonly Event[];
  readonly status?: Status;
}
export const Span: MessageType<Span> = {
  name: "opentelemetry.proto.collector.trace.v1.Span",
  fields: [
    field(1, "traceId", "bytes"),
    field(2, "spanId", "bytes"),
    field(3, "traceState", "string"),
    field(4, "parentSpanId", "bytes"),
    field(5, "name", "string"),
    field(6, "kind", "enum"),
    field(7, "startTimeUnixNano", "fixed64"),
    field(8, "endTimeUnixNano", "fixed64"),
    field(9, "attributes", () => KeyValue, "list"),
    field(11, "events", () => Event, "list"),
    field(15, "status", () => Status),
  ],
};

export interface Event {
  readonly timeUnixNano: bigint;
  readonly name: string;
  readonly attributes: readonly KeyValue[];
}
export const Event: MessageType<Event> = {
  name: "opentelemetry.proto.collector.trace.v1.Event",
  fields: [
    field(1, "timeUnixNano", "fixed64"),
    field(2, "name", "string"),
    field(3, "attributes", () => KeyValue, "list"),
  ],
};

export interface Status {
  readonly message: string;
  readonly code: number;
}
export const Status: MessageType<Status> = {
  name: "opentelemetry.proto.collector.trace.v1.Status",
  fields: [
    field(2, "message", "string"),
    field(3, "code", "enum"),
  ],
};

export interface KeyValue {
  readonly key: string;
  readonly value?: AnyValue;
}
export const KeyValue: MessageType<KeyValue> = {
  name: "opentelemetry.proto.collector.trace.v1.KeyValue",
  fields: [
    field(1, "key", "string"),
    field(2, "value", () => AnyValue),
  ],
};

export interface AnyValue {
  readonly value?:
    | { readonly case: "stringValue"; readonly value: string }
    | { readonly case: "boolValue"; readonly value: boolean }
    | { readonly case: "intValue"; readonly value: bigint }
    | { readonly case: "doubleValue"; readonly value: number }
    | { readonly case: "arrayValue"; readonly value: ArrayValue }
    | { readonly case: "kvlistValue"; readonly value: KeyValueList }
    | { readonly case: "bytesValue"; readonly value: Uint8Array };
}
export const AnyValue: MessageType<AnyValue> = {
  name: "opentelemetry.proto.collector.trace.v1.AnyValue",
  fields: [
    unionCase(1, "stringValue", "string", "value"),
    unionCase(2, "boolValue", "bool", "value"),
    unionCase(3, "intValue", "int64", "value"),
    unionCase(4, "doubleValue", "double", "value"),
    unionCase(5, "arrayValue", () => ArrayValue, "value"),
    unionCase(6, "kvlistValue", () => KeyValueList, "value"),
    unionCase(7, "bytesValue", "bytes", "value"),
  ],
};

export interface ArrayValue {
  readonly values: readonly AnyValue[];
}
export const ArrayValue: MessageType<ArrayValue> = {
  name: "opentelemetry.proto.collector.trace.v1.ArrayValue",
  fields: [
    field(1, "values", () => AnyValue, "list"),
  ],
};

export interface KeyValueList {
  readonly values: readonly KeyValue[];
}
export const KeyValueList: MessageType<KeyValueList> = {
  name: "opentelemetry.proto.collector.trace.v1.KeyValueList",
  fields: [
    field(1, "values", () => KeyValue, "list"),
  ],
};

export const TraceServiceService = {
  Export: method("/opentelemetry.proto.collector.trace.v1.TraceService/Export", ExportTraceServiceRequest, ExportTraceServiceResponse, false, false),
};
