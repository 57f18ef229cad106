export * from "./config.ts";
export * from "./descriptor.ts";
export * from "./in-toto.ts";
export * from "./json.ts";
export * from "./manifest.ts";
export * from "./platform.ts";
export * from "./platform-match.ts";
export * from "./reference.ts";
