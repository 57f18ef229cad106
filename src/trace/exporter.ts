import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { clientSession, GrpcClient, otlp } from "../grpc/index.ts";
import { type Log, messageOf } from "../kit/index.ts";
import { encode, type Init } from "../wire/index.ts";
import { exportRequest } from "./otlp-message.ts";
import type { TraceSettings } from "./settings.ts";
import type { Span } from "./span.ts";

type Request = Init<otlp.ExportTraceServiceRequest>;

/** Sends spans to a collector. A collector that cannot be reached is no reason for anything to fail: it is logged. */
export class TraceExporter {
  readonly #settings: TraceSettings;
  readonly #resource: Span["attributes"];
  readonly #log: Log;
  readonly #running = new Set<Promise<void>>();

  constructor(settings: TraceSettings, resource: Span["attributes"], log: Log) {
    this.#settings = settings;
    this.#resource = resource;
    this.#log = log;
  }

  /** Sends spans of this process; resolves when they are there, or could not be sent. */
  export(spans: readonly Span[]): Promise<void> {
    return this.forward(exportRequest(spans, this.#resource));
  }

  /** Sends on what another process sent. */
  forward(request: Request): Promise<void> {
    const send = this.#settings.protocol === "grpc" ? sendGrpc : sendHttp;
    const running = send(this.#settings, request)
      .catch((error: unknown) => this.#log(`cannot export traces: ${messageOf(error)}`))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    await Promise.all(this.#running);
  }
}

async function sendHttp({ url, headers, timeout }: TraceSettings, request: Request): Promise<void> {
  const body = encode(otlp.ExportTraceServiceRequest, request);
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/x-protobuf" },
    body: new Uint8Array(body),
    signal: AbortSignal.timeout(timeout),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url.origin} answered ${response.status}`);
}

async function sendGrpc({ url, headers, timeout }: TraceSettings, request: Request): Promise<void> {
  const socket = dial(url);
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  socket.once("error", broken.reject);
  const session = clientSession(socket);
  try {
    const metadata = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]] as const));
    const signal = AbortSignal.timeout(timeout);
    const call = new GrpcClient(session, url.host || "localhost").unary(otlp.TraceServiceService.Export, request, {
      signal,
      metadata,
    });
    await Promise.race([call, broken.promise]);
  } finally {
    session.destroy();
    socket.destroy();
  }
}

function dial(url: URL): Socket {
  if (url.protocol === "unix:") return connect(decodeURIComponent(url.pathname));
  const secure = url.protocol === "https:";
  const port = Number(url.port) || (secure ? 443 : 80);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return secure ? connectTls({ host, port, servername: host, ALPNProtocols: ["h2"] }) : connect(port, host);
}
