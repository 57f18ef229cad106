export type * from "./contract.ts";
export { createLocalSession, type LocalSession, type LocalSessionOptions } from "./local-session.ts";
export type { OutputSpec, OutputStream } from "./outputs.ts";
export type { SecretSource } from "./secrets.ts";
export type { SshSource } from "./ssh/agents.ts";
export { attachSession } from "./tunnel/attach-session.ts";
export { header as sessionHeader } from "./tunnel/names.ts";
export { type RemoteCaller, remoteSession } from "./tunnel/remote-session.ts";
export { type KeptFolders, TransferFolders } from "./tunnel/transfer-folders.ts";
