export * from "./blob-store-suite.ts";
export * from "./snapshot-store-suite.ts";
export * from "./temporary-root.ts";
