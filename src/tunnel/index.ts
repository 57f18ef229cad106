export { attachSession } from "./attach-session.ts";
export { toGoMode } from "./fsutil/go-mode.ts";
export { header as sessionHeader } from "./names.ts";
export { type LendFolder, type RemoteCaller, remoteSession } from "./remote-session.ts";
