import type { Http2Session, ServerOptions } from "node:http2";

/** Bytes that may be under way in one stream, and on one connection. With HTTP/2's own 64 KiB a file sync crawls. */
const streamWindow = 16 * 1024 * 1024;
const connectionWindow = 64 * 1024 * 1024;

/** The largest message by default, either way: upstream's. */
export const defaultMessageLimit = 16 * 1024 * 1024;

/** Options of every HTTP/2 connection of ours. Lists of patterns travel as headers: many and long ones are allowed. */
export const sessionOptions: ServerOptions = {
  settings: {
    initialWindowSize: streamWindow,
    maxConcurrentStreams: 1000,
    maxHeaderListSize: 4 * 1024 * 1024,
    enablePush: false,
  },
  maxHeaderListPairs: 65_536,
  maxSendHeaderBlockLength: 4 * 1024 * 1024,
  // Megabytes; Node ends a stream that would need more.
  maxSessionMemory: 1024,
};

/** Raises the connection's window; the streams' comes with the settings. */
export function raiseWindow(session: Http2Session): void {
  if (!session.destroyed && !session.closed) session.setLocalWindowSize(connectionWindow);
}
