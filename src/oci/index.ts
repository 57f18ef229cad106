export * from "./descriptor.ts";
export type * from "./platform.ts";
