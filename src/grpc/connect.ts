import {
  type ClientHttp2Session,
  connect as connectHttp2,
  performServerHandshake,
  type ServerHttp2Session,
} from "node:http2";
import type { Duplex } from "node:stream";
import { messageOf } from "../kit/index.ts";
import { Code } from "./code.ts";
import { rpcError } from "./rpc-error.ts";
import { raiseWindow, sessionOptions } from "./settings.ts";

/** An HTTP/2 connection over a stream that is open already, this side the client. Destroying it destroys the stream. */
export function clientSession(duplex: Duplex): ClientHttp2Session {
  const session = connectHttp2("http://localhost", { ...sessionOptions, createConnection: () => duplex });
  session.on("error", () => {});
  // Node knows the connection's window only when the connection stands.
  if (session.connecting) session.once("connect", () => raiseWindow(session));
  else raiseWindow(session);
  return session;
}

/** The other side of one. */
export function serverSession(duplex: Duplex): ServerHttp2Session {
  const session = performServerHandshake(duplex, sessionOptions);
  session.on("error", () => {});
  return session;
}

/** Resolves when the peer has sent its settings: it speaks HTTP/2. Throws UNAVAILABLE. */
export async function whenReady(session: ClientHttp2Session, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error?: unknown) => {
      const reason = error === undefined ? "connection closed before server preface received" : messageOf(error);
      reject(rpcError(Code.UNAVAILABLE, reason, [], error));
    };
    session.once("remoteSettings", () => resolve());
    session.once("error", failed);
    session.once("close", () => failed());
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
