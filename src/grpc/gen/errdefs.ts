// Generated from src/grpc/proto/errdefs.proto by tools/proto.ts; do not edit.

import { field, type MessageType, unionCase, pb as llb } from "../../wire/index.ts";

export interface Vertex {
  readonly digest: string;
}
export const Vertex: MessageType<Vertex> = {
  name: "errdefs.Vertex",
  fields: [
    field(1, "digest", "string"),
  ],
};

export interface Source {
  readonly info?: llb.SourceInfo;
  readonly ranges: readonly llb.Range[];
}
export const Source: MessageType<Source> = {
  name: "errdefs.Source",
  fields: [
    field(1, "info", () => llb.SourceInfo),
    field(2, "ranges", () => llb.Range, "list"),
  ],
};

export interface Frontend {
  readonly name: string;
  readonly source: string;
}
export const Frontend: MessageType<Frontend> = {
  name: "errdefs.Frontend",
  fields: [
    field(1, "name", "string"),
    field(2, "source", "string"),
  ],
};

export interface FrontendCap {
  readonly name: string;
}
export const FrontendCap: MessageType<FrontendCap> = {
  name: "errdefs.FrontendCap",
  fields: [
    field(1, "name", "string"),
  ],
};

export interface Subrequest {
  readonly name: string;
}
export const Subrequest: MessageType<Subrequest> = {
  name: "errdefs.Subrequest",
  fields: [
    field(1, "name", "string"),
  ],
};

export interface Solve {
  readonly inputIDs: readonly string[];
  readonly mountIDs: readonly string[];
  readonly op?: llb.Op;
  readonly description: ReadonlyMap<string, string>;
  readonly subject?:
    | { readonly case: "file"; readonly value: FileAction }
    | { readonly case: "cache"; readonly value: ContentCache };
}
export const Solve: MessageType<Solve> = {
  name: "errdefs.Solve",
  fields: [
    field(1, "inputIDs", "string", "list"),
    field(2, "mountIDs", "string", "list"),
    field(3, "op", () => llb.Op),
    unionCase(4, "file", () => FileAction, "subject"),
    unionCase(5, "cache", () => ContentCache, "subject"),
    field(6, "description", "string", "map"),
  ],
};

export interface FileAction {
  readonly index: bigint;
}
export const FileAction: MessageType<FileAction> = {
  name: "errdefs.FileAction",
  fields: [
    field(1, "index", "int64"),
  ],
};

export interface ContentCache {
  readonly index: bigint;
}
export const ContentCache: MessageType<ContentCache> = {
  name: "errdefs.ContentCache",
  fields: [
    field(1, "index", "int64"),
  ],
};
