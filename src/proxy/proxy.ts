import { closeSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { listenInOwnNetwork } from "../sys/index.ts";
import type { Authority } from "./authority.ts";
import { type AllowRequest, forward } from "./forward.ts";
import { RequestRecord } from "./request-record.ts";

/** A network of a step's own, out of which only an HTTP proxy leads. */
export interface ProxyNetwork extends AsyncDisposable {
  /** The network namespace's file. */
  readonly path: string;
  /** What the step's environment says of the proxy. */
  readonly env: readonly string[];
  readonly record: RequestRecord;
}

/**
 * Opens one: what a process in it asks for by way of the proxy is asked of `allow` and sent on from this process's own network; nothing else leads
 * out. HTTPS is opened on the way, with certificates of the authority. Needs CAP_SYS_ADMIN; throws `sys/no-network`.
 */
export async function openProxyNetwork(authority: Authority, allow: AllowRequest): Promise<ProxyNetwork> {
  const { namespace, socket, port } = await listenInOwnNetwork();
  const record = new RequestRecord();
  const server = proxyServer(authority, allow, record);
  try {
    await new Promise<void>((resolve, reject) => {
      server.server.once("error", reject);
      server.server.listen({ fd: socket }, resolve);
    });
  } catch (error) {
    closeSync(namespace);
    throw error;
  }
  return {
    path: `/proc/${process.pid}/fd/${namespace}`,
    env: environment(`http://127.0.0.1:${port}`),
    record,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      closeSync(namespace);
    },
  };
}

function environment(proxy: string): string[] {
  const none = "127.0.0.1,localhost,::1";
  const names = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, http_proxy: proxy, https_proxy: proxy };
  return Object.entries({ ...names, NO_PROXY: none, no_proxy: none }).map(([name, value]) => `${name}=${value}`);
}

/** The proxy itself, which does not listen yet. Disposal ends all that is under way, and waits for it. */
export function proxyServer(
  authority: Authority,
  allow: AllowRequest,
  record: RequestRecord,
): AsyncDisposable & { readonly server: Server } {
  const sockets = new Set<Duplex>();
  const working = new Set<Promise<void>>();
  const authorities = new WeakMap<Duplex, string>();
  const answer = (incoming: IncomingMessage, response: ServerResponse) => {
    const host = authorities.get(incoming.socket);
    const work = forward(addressOf(incoming, host), incoming, response, allow, record);
    working.add(work);
    void work.finally(() => working.delete(work));
  };
  const server = httpServer(answer);
  // Never listens: what comes through a tunnel is handed to it.
  const inside = httpServer(answer);
  const hold = (socket: Duplex) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  };
  server.on("connection", hold);
  server.on("connect", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const target = request.url ?? "";
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    if (head.length > 0) socket.unshift(head);
    try {
      const secureContext = authority.contextOf(hostOf(target));
      const secure = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ["http/1.1"] });
      hold(secure);
      authorities.set(secure, target);
      inside.emit("connection", secure);
    } catch {
      socket.destroy();
    }
  });
  return {
    server,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
      await Promise.allSettled(working);
    },
  };
}

/**
 * An upload or a download may take as long as it takes. Who has sent a request may end its side of the connection, as busybox does (Node's own
 * property, which its documentation leaves out): without that the answer would not be sent.
 */
function httpServer(answer: (incoming: IncomingMessage, response: ServerResponse) => void): Server {
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, answer);
  return Object.assign(server, { httpAllowHalfOpen: true });
}

/** Through a tunnel, and for those who take the proxy for a server, the address says the path alone. */
function addressOf(incoming: IncomingMessage, tunnel: string | undefined): string {
  const path = incoming.url ?? "/";
  if (tunnel !== undefined) return `https://${tunnel}${path}`;
  return path.startsWith("/") ? `http://${incoming.headers.host ?? ""}${path}` : path;
}

function hostOf(target: string): string {
  const url = new URL(`https://${target}`);
  return url.hostname.replace(/^\[|\]$/g, "");
}
