// Generated from src/grpc/proto/exporter.proto by tools/proto.ts; do not edit.

import { field, type MessageType, method } from "../../wire/index.ts";

export interface FindExportersRequest {
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  readonly refs: readonly string[];
}
export const FindExportersRequest: MessageType<FindExportersRequest> = {
  name: "moby.exporter.v1.FindExportersRequest",
  fields: [
    field(1, "metadata", "bytes", "map"),
    field(2, "refs", "string", "list"),
  ],
};

export interface FindExportersResponse {
  readonly exporters: readonly ExporterRequest[];
}
export const FindExportersResponse: MessageType<FindExportersResponse> = {
  name: "moby.exporter.v1.FindExportersResponse",
  fields: [
    field(1, "exporters", () => ExporterRequest, "list"),
  ],
};

export interface ExporterRequest {
  readonly type: string;
  readonly attrs: ReadonlyMap<string, string>;
}
export const ExporterRequest: MessageType<ExporterRequest> = {
  name: "moby.exporter.v1.ExporterRequest",
  fields: [
    field(1, "type", "string", "one", "Type"),
    field(2, "attrs", "string", "map", "Attrs"),
  ],
};

export interface FinalizeExportRequest {
  readonly exporterResponse: ReadonlyMap<string, string>;
}
export const FinalizeExportRequest: MessageType<FinalizeExportRequest> = {
  name: "moby.exporter.v1.FinalizeExportRequest",
  fields: [
    field(1, "exporterResponse", "string", "map"),
  ],
};

export interface FinalizeExportResponse {
}
export const FinalizeExportResponse: MessageType<FinalizeExportResponse> = {
  name: "moby.exporter.v1.FinalizeExportResponse",
  fields: [
  ],
};

export const ExporterService = {
  FindExporters: method("/moby.exporter.v1.Exporter/FindExporters", FindExportersRequest, FindExportersResponse, false, false),
  FinalizeExport: method("/moby.exporter.v1.Exporter/FinalizeExport", FinalizeExportRequest, FinalizeExportResponse, false, false),
};
