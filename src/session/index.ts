export { type BlobFolder, blobFolder, type IncomingBlob, type LayoutEntry } from "./blob-folder.ts";
export type * from "./contract.ts";
export { createLocalSession, type LocalSession, type LocalSessionOptions } from "./local-session.ts";
export type { OutputSpec, OutputStream } from "./outputs.ts";
export type { SecretSource } from "./secrets.ts";
export type { SshSource } from "./ssh/agents.ts";
