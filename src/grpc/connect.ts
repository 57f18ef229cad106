import type { Duplex } from "node:stream";
import { messageOf, raceSignal } from "../kit/index.ts";
import { Code } from "./code.ts";
import { Http2Connection, streamTransport, type Transport } from "./http2/index.ts";
import { rpcError } from "./rpc-error.ts";
import { connectionLimits } from "./settings.ts";

/** An HTTP/2 connection over a stream that is open already, or about to be, this side the client. Destroying it destroys the stream. */
export function clientSession(bytes: Duplex | Transport): Http2Connection {
  return new Http2Connection(transportOf(bytes), "client", connectionLimits);
}

/** The other side of one. */
export function serverSession(bytes: Duplex | Transport): Http2Connection {
  return new Http2Connection(transportOf(bytes), "server", connectionLimits);
}

/** Resolves when the peer has sent its settings: it speaks HTTP/2. Throws UNAVAILABLE. */
export async function whenReady(session: Http2Connection, signal: AbortSignal): Promise<void> {
  const ready = session.ready.catch((error: unknown) => {
    throw rpcError(Code.UNAVAILABLE, messageOf(error), [], error);
  });
  await raceSignal(ready, signal);
}

function transportOf(bytes: Duplex | Transport): Transport {
  return "open" in bytes ? bytes : streamTransport(bytes);
}
