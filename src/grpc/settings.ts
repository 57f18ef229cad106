import type { ConnectionLimits } from "./http2/index.ts";

/** The largest message by default, either way: upstream's. */
export const defaultMessageLimit = 16 * 1024 * 1024;

/** Of every connection of ours. With HTTP/2's own windows of 64 KiB a file sync crawls; lists of patterns travel as headers. */
export const connectionLimits: ConnectionLimits = {
  streamWindow: 16 * 1024 * 1024,
  connectionWindow: 64 * 1024 * 1024,
  held: 256 * 1024 * 1024,
  streams: 1000,
  frameSize: 256 * 1024,
  headerBytes: 4 * 1024 * 1024,
  headerFields: 65_536,
};
