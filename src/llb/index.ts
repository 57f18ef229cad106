export { type DefinitionVertex, type ParsedDefinition, parseDefinition, unmarshalDefinition } from "./definition.ts";
export { marshalHead, marshalOp } from "./marshal.ts";
export { type LinuxResources, noMetadata, type OpMetadata, type ProgressGroup } from "./metadata.ts";
export type * from "./op.ts";
export type { Position, Range, SourceFileInfo, SourceLocation, SourceMap } from "./source-map.ts";
