import { chmod, chown, mkdir, readFile, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import type { TLSSocket } from "node:tls";
import { type GrpcServer, type Http2Connection, serverSession } from "../grpc/index.ts";
import { CooperError, errnoOf, messageOf } from "../kit/index.ts";

/** How the addresses are guarded. */
export interface ListenOptions {
  /** Certificate, key, and the authority that clients' certificates must come from; files. For tcp. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  /** Who owns unix sockets; this process by default. */
  readonly uid?: number;
  /** Rights of unix sockets; 0660 by default. */
  readonly mode?: number;
  readonly gid?: number;
}

/** An address that is served. Disposal ends it and all its connections. */
export interface Listener extends AsyncDisposable {
  /** With the port that was really taken. */
  readonly address: string;
  /** No new connections; those that are there stay. */
  stop(): void;
}

/**
 * Serves `unix://PATH`, `tcp://HOST:PORT`, or `fd://`: the socket that systemd opened for this process. Throws
 * `daemon/bad-address`, `daemon/listen-failed`, `daemon/no-activation`.
 */
export async function listen(address: string, rpc: GrpcServer, options: ListenOptions): Promise<Listener> {
  const place = parseAddress(address);
  const sessions = new Set<Http2Connection>();
  const sockets = new Set<Socket>();
  const attach = (socket: Socket) => {
    const session = serverSession(socket);
    sessions.add(session);
    void session.closed.then(() => sessions.delete(session));
    rpc.attach(session);
  };
  const server =
    place.kind !== "unix" && options.tls
      ? await secureServer(options.tls, attach)
      : createServer(watchedConnections, attach);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  if (place.kind === "unix") await prepareSocket(place.path);
  await listening(server, address, place);
  if (place.kind === "unix") await guardSocket(place.path, options);
  return {
    address: addressOf(server, place),
    stop: () => void server.close(),
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      // Also those that have said nothing yet, or are in the middle of TLS's greeting.
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      if (place.kind === "unix") await rm(place.path, { force: true });
    },
  };
}

type Place =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "fd"; readonly fd: number };

function parseAddress(address: string): Place {
  const [, scheme, rest = ""] = /^(?:([a-z]+):\/\/)?(.*)$/.exec(address) ?? [];
  if (scheme === undefined) {
    throw new CooperError(
      "daemon/bad-address",
      `address ${address} does not contain proto, you meant unix://${address} ?`,
    );
  }
  if (scheme === "unix" && rest !== "") return { kind: "unix", path: rest };
  if (scheme === "fd") return { kind: "fd", fd: activatedSocket(rest, process.env) };
  const tcp = /^\[?(.*?)\]?:(\d+)$/.exec(rest);
  if (scheme === "tcp" && tcp !== null) return { kind: "tcp", host: tcp[1] ?? "", port: Number(tcp[2]) };
  throw new CooperError("daemon/bad-address", `addr ${address} not supported`, {
    hint: "wanted unix:///path/to/socket, tcp://host:port or fd://",
  });
}

/** systemd's protocol: so many sockets from descriptor 3 on, meant for this very process. `which` counts them from 0. */
export function activatedSocket(which: string, env: NodeJS.ProcessEnv): number {
  const count = Number(env.LISTEN_PID) === process.pid ? Number(env.LISTEN_FDS ?? 0) : 0;
  if (!(count > 0)) {
    throw new CooperError(
      "daemon/no-activation",
      "no sockets found via socket activation: make sure the service was started by systemd",
    );
  }
  const index = which === "" ? 0 : Number(which) - 3;
  if (!(index >= 0 && index < count)) {
    throw new CooperError(
      "daemon/bad-address",
      `invalid address fd://${which}: there are descriptors 3 to ${count + 2}`,
    );
  }
  return 3 + index;
}

function addressOf(server: Server, place: Place): string {
  const bound = server.address();
  if (place.kind === "fd" && typeof bound === "string") return `unix://${bound}`;
  if (place.kind === "unix" || bound === null || typeof bound === "string") {
    return place.kind === "unix" ? `unix://${place.path}` : "";
  }
  const host = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
  return `tcp://${host}:${bound.port}`;
}

function listening(server: Server, address: string, place: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new CooperError("daemon/listen-failed", `cannot listen on ${address}: ${messageOf(cause)}`, { cause })),
    );
    if (place.kind === "unix") server.listen(place.path, resolve);
    else if (place.kind === "fd") server.listen({ fd: place.fd }, resolve);
    else server.listen(place.port, place.host, resolve);
  });
}

/** A machine that goes away without a word is noticed, with Go's pause in milliseconds: its connections would stay for good. */
const watchedConnections = { keepAlive: true, keepAliveInitialDelay: 15_000 } as const;

/** A socket that a killed daemon left is taken over; one that answers is not. */
async function prepareSocket(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o711 });
  if (await answers(path)) {
    throw new CooperError(
      "daemon/listen-failed",
      `cannot listen on unix://${path}: a daemon is listening there already`,
    );
  }
  await rm(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function guardSocket(path: string, { uid, gid, mode = 0o660 }: ListenOptions): Promise<void> {
  await chmod(path, mode);
  await chown(path, uid ?? process.geteuid?.() ?? 0, gid ?? process.getegid?.() ?? 0);
}

async function secureServer(
  tls: NonNullable<ListenOptions["tls"]>,
  attach: (socket: TLSSocket) => void,
): Promise<Server> {
  const read = (path: string) =>
    readFile(path).catch((cause: unknown) => {
      const reason = errnoOf(cause) === "ENOENT" ? "no such file or directory" : messageOf(cause);
      throw new CooperError("daemon/bad-tls", `failed to load TLS files: open ${path}: ${reason}`, { cause });
    });
  const [cert, key] = await Promise.all([read(tls.cert), read(tls.key)]);
  const ca = tls.ca === undefined ? {} : { ca: await read(tls.ca), requestCert: true, rejectUnauthorized: true };
  const { createServer: createSecureServer } = await import("node:tls");
  const settings = { cert, key, minVersion: "TLSv1.2", ALPNProtocols: ["h2"], ...ca, ...watchedConnections } as const;
  return createSecureServer(settings, attach);
}
