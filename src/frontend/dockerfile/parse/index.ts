export * from "./directives.ts";
export * from "./errors.ts";
export * from "./expand.ts";
export * from "./file.ts";
export * from "./heredoc.ts";
export type * from "./instruction.ts";
export * from "./instructions.ts";
export * from "./node.ts";
