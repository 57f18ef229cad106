export { type Daemon, type DaemonOptions, startDaemon } from "./daemon.ts";
export type { ListenOptions } from "./listen.ts";
export { notify } from "./notify.ts";
export { serveSpans } from "./trace-socket.ts";
