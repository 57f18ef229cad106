export { attachSession } from "./attach-session.ts";
export { toGoMode } from "./fsutil/go-mode.ts";
export { header as sessionHeader } from "./names.ts";
export { type RemoteCaller, remoteSession } from "./remote-session.ts";
export { type KeptFolders, TransferFolders } from "./transfer-folders.ts";
