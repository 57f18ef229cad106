import type { ClientHttp2Session } from "node:http2";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { clientSession, GrpcClient, whenReady } from "../../grpc/index.ts";
import { CooperError, messageOf, type Scope } from "../../kit/index.ts";

/** Where a daemon is, and what is needed to talk to it. */
export interface DaemonAddress {
  /** `unix:///path`, `tcp://host:port`. */
  readonly address: string;
  readonly tls?: {
    readonly serverName?: string;
    /** Paths of PEM files. */
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
  };
  /** Milliseconds until it must have answered. */
  readonly timeout: number;
}

/** A connection to a daemon. Dispose of it. */
export interface DaemonConnection extends AsyncDisposable {
  readonly client: GrpcClient;
  /** Settles when the connection is gone. */
  readonly session: ClientHttp2Session;
}

/** Dials a daemon and waits until it speaks. Throws `client/bad-address`, `client/unreachable`. */
export async function dial(place: DaemonAddress, scope: Scope): Promise<DaemonConnection> {
  const duplex = await openSocket(place);
  const session = clientSession(duplex);
  try {
    await whenReady(session, AbortSignal.any([scope.signal, AbortSignal.timeout(place.timeout)]));
  } catch (cause) {
    session.destroy();
    duplex.destroy();
    scope.signal.throwIfAborted();
    throw unreachable(place.address, cause);
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

async function openSocket({ address, tls }: DaemonAddress): Promise<Duplex> {
  const [, scheme = "", rest = ""] = /^([a-z-]+):\/\/(.*)$/.exec(address) ?? [];
  if (scheme === "unix" && rest !== "") {
    const { connect } = await import("node:net");
    return connected(connect(rest), address, "connect");
  }
  const tcp = /^\[?(.*?)\]?:(\d+)$/.exec(rest);
  if (scheme !== "tcp" || tcp === null) {
    throw new CooperError("client/bad-address", `cannot use daemon address ${JSON.stringify(address)}`, {
      hint: "wanted unix:///path/to/socket or tcp://host:port",
    });
  }
  const [, host = "", port] = tcp;
  if (tls === undefined) {
    const { connect } = await import("node:net");
    return connected(connect(Number(port), host), address, "connect");
  }
  const [{ connect }, files] = await Promise.all([import("node:tls"), tlsFiles(tls)]);
  // A number is no name that TLS could ask for; the certificate is checked against it all the same.
  const name = tls.serverName ?? (isIP(host) === 0 ? host : undefined);
  const servername = name === undefined ? {} : { servername: name };
  return connected(
    connect({ host, port: Number(port), ...servername, ALPNProtocols: ["h2"], ...files }),
    address,
    "secureConnect",
  );
}

async function tlsFiles(tls: NonNullable<DaemonAddress["tls"]>) {
  const { readFile } = await import("node:fs/promises");
  const read = async (name: "ca" | "cert" | "key") => {
    const path = tls[name];
    if (path === undefined) return {};
    try {
      return { [name]: await readFile(path) };
    } catch (cause) {
      throw new CooperError("client/bad-tls", `could not read ${name} file: ${messageOf(cause)}`, { cause });
    }
  };
  return Object.assign({}, ...(await Promise.all([read("ca"), read("cert"), read("key")])));
}

function connected<S extends Duplex>(socket: S, address: string, event: string): Promise<S> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve(socket));
    socket.once("error", (cause) => reject(unreachable(address, cause)));
  });
}

function unreachable(address: string, cause: unknown): CooperError {
  return new CooperError("client/unreachable", `failed to list workers: Unavailable: ${messageOf(cause)}`, {
    cause,
    hint: `is a buildkitd listening on ${address}? (--addr or BUILDKIT_HOST say where)`,
  });
}
