export { type ConnectionLimits, Http2Connection } from "./connection.ts";
export type { HeaderList } from "./hpack.ts";
export { ErrorCode, Http2Error } from "./protocol.ts";
export type { Http2Stream, StreamEnd, StreamListener } from "./stream.ts";
export { type Receiver, streamTransport, type Transport } from "./transport.ts";
