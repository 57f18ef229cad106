import { once } from "node:events";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { clientSession, GrpcClient, type Http2Connection, whenReady } from "../../grpc/index.ts";
import { CooperError, errnoOf, messageOf, reasonOf, type Scope, sleep } from "../../kit/index.ts";

/** Where a daemon is, and what is needed to talk to it. */
export interface DaemonAddress {
  /** `unix:///path`, `tcp://host:port`, or what a helper reaches: `docker-container://name`, `ssh://host`, …. */
  readonly address: string;
  readonly tls?: {
    readonly serverName?: string;
    /** Paths of PEM files. */
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
  };
  /** Milliseconds until its socket must be open. */
  readonly timeout: number;
}

/** A connection to a daemon. Dispose of it. */
export interface DaemonConnection extends AsyncDisposable {
  readonly client: GrpcClient;
  /** Settles when the connection is gone. */
  readonly session: Http2Connection;
}

/**
 * How long a daemon may take to speak once its socket is open. gRPC's Go library waits 20 s, which is not enough for a hundred clients
 * that start at once on two cores.
 */
const greeting = 60_000;
/** How long a connection that broke may take to say why, in milliseconds. */
const lastWords = 500;

/**
 * Dials a daemon and waits until it speaks. Throws `client/bad-address`, `client/bad-tls`, and `client/unreachable` with what
 * gRPC's Go library says.
 */
export async function dial(place: DaemonAddress, scope: Scope): Promise<DaemonConnection> {
  const limit = place.timeout > 0 ? AbortSignal.timeout(place.timeout) : undefined;
  const signal = limit === undefined ? scope.signal : AbortSignal.any([scope.signal, limit]);
  const duplex = await openSocket(place, signal);
  let broken: unknown;
  duplex.once("error", (error) => {
    broken = error;
  });
  const session = clientSession(duplex);
  try {
    await whenReady(session, AbortSignal.any([scope.signal, AbortSignal.timeout(greeting)]));
  } catch (cause) {
    // The program that was to reach it may be about to say why it could not.
    if (broken === undefined && !duplex.closed) await Promise.race([once(duplex, "close"), sleep(lastWords)]);
    session.destroy();
    duplex.destroy();
    scope.signal.throwIfAborted();
    throw unreachable(place.address, "error reading server preface", broken ?? cause);
  }
  return {
    client: new GrpcClient(session),
    session,
    async [Symbol.asyncDispose]() {
      session.destroy();
      duplex.destroy();
    },
  };
}

/** A connection to the daemon's socket, as it is. Throws as `dial`. */
export async function openSocket({ address, tls }: DaemonAddress, signal: AbortSignal): Promise<Duplex> {
  const { helperCommand } = await import("./helper-command.ts");
  const helper = helperCommand(address);
  if (helper !== undefined) return (await import("./command-stream.ts")).commandStream(helper);
  const path = /^unix:(?:\/\/)?(.+)$/.exec(address)?.[1];
  if (path !== undefined) {
    const { connect } = await import("node:net");
    return connected(connect(path), address, `unix ${path}`, "connect", signal);
  }
  const [, scheme, rest = ""] = /^(?:([a-z-]+):\/\/)?(.*)$/.exec(address) ?? [];
  const tcp = /^\[?(.*?)\]?:(\d+)$/.exec(rest);
  if ((scheme !== "tcp" && scheme !== undefined) || tcp === null) {
    throw new CooperError("client/bad-address", `cannot use daemon address ${JSON.stringify(address)}`, {
      hint: "wanted unix:///path/to/socket, tcp://host:port, docker-container://name, kube-pod://pod or ssh://host",
    });
  }
  const [, host = "", port] = tcp;
  if (tls === undefined) {
    const { connect } = await import("node:net");
    return connected(connect(Number(port), host), address, `tcp ${rest}`, "connect", signal);
  }
  const [{ connect }, files] = await Promise.all([import("node:tls"), tlsFiles(tls)]);
  // A number is no name that TLS could ask for; the certificate is checked against it all the same.
  const name = tls.serverName ?? (isIP(host) === 0 ? host : undefined);
  const servername = name === undefined ? {} : { servername: name };
  const socket = connect({ host, port: Number(port), ...servername, ALPNProtocols: ["h2"], ...files });
  return connected(socket, address, `tcp ${rest}`, "secureConnect", signal);
}

async function tlsFiles(tls: NonNullable<DaemonAddress["tls"]>) {
  const { readFile } = await import("node:fs/promises");
  const read = async (name: "ca" | "cert" | "key") => {
    const path = tls[name];
    if (path === undefined) return {};
    try {
      return { [name]: await readFile(path) };
    } catch (cause) {
      const what = name === "ca" ? "ca certificate" : "certificate/key";
      throw new CooperError("client/bad-tls", `could not read ${what}: open ${path}: ${reasonOf(cause)}`, { cause });
    }
  };
  return Object.assign({}, ...(await Promise.all([read("ca"), read("cert"), read("key")])));
}

function connected<S extends Duplex>(
  socket: S,
  address: string,
  place: string,
  event: string,
  signal: AbortSignal,
): Promise<S> {
  return new Promise((resolve, reject) => {
    let settled = false;
    const fail = (cause: unknown) => {
      settled = true;
      socket.destroy();
      const reason = signal.aborted ? "i/o timeout" : connectReason(cause);
      reject(unreachable(address, `transport: Error while dialing: dial ${place}`, new Error(reason, { cause })));
    };
    // After a stall (a suspended machine, a core for somebody else) the timer comes before the news that the socket is open.
    const onAbort = () => void setImmediate(() => settled || fail(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once(event, () => {
      signal.removeEventListener("abort", onAbort);
      socket.off("error", fail);
      settled = true;
      resolve(socket);
    });
    socket.once("error", fail);
  });
}

/** As Go names what the kernel and the resolver answer. */
function connectReason(cause: unknown): string {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "connect: no such file or directory",
    ECONNREFUSED: "connect: connection refused",
    EACCES: "connect: permission denied",
    ETIMEDOUT: "connect: connection timed out",
    EHOSTUNREACH: "connect: no route to host",
    ENETUNREACH: "connect: network is unreachable",
    ENOTFOUND: "no such host",
  };
  // Several addresses of one host were tried.
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  return reasons[errnoOf(first) ?? ""] ?? messageOf(first);
}

function unreachable(address: string, doing: string, cause: unknown): CooperError {
  const sentence = `Unavailable: connection error: desc = ${JSON.stringify(`${doing}: ${messageOf(cause)}`)}`;
  return new CooperError("client/unreachable", sentence, {
    cause,
    hint: `is a buildkitd listening on ${address}? (--addr or BUILDKIT_HOST say where)`,
  });
}
