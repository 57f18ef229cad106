import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { Session } from "node:inspector/promises";
import { getHeapSnapshot } from "node:v8";
import { CooperError, messageOf, sleep } from "../kit/index.ts";
import type { Metrics } from "./metrics.ts";

/** Endpoints for whoever looks into a running daemon. Disposal ends it. */
export interface DebugServer extends AsyncDisposable {
  /** `http://host:port`, with the port that was really taken, or `unix://PATH`. */
  readonly address: string;
}

const index = `Cooper's buildkitd

/metrics                          counters, for Prometheus
/debug/requests                   calls under way
/debug/vars                       memory, as JSON
/debug/pprof/cmdline
/debug/pprof/profile?seconds=30   CPU profile (.cpuprofile)
/debug/pprof/heap                 heap snapshot (.heapsnapshot)
/debug/pprof/handles              what keeps the event loop alive
/debug/gc                         collects garbage now, with node --expose-gc
`;

/**
 * Serves upstream's `/metrics`, and under its `/debug` paths what Node has of the kind. `address`: `host:port`, also after
 * `tcp://`, or `unix://PATH`, a socket for this user alone. Who may reach the address may see everything, as upstream's. Throws `daemon/listen-failed`.
 */
export async function serveDebug(address: string, metrics: Metrics): Promise<DebugServer> {
  const place = placeOf(address);
  const stop = new AbortController();
  const server = createServer({ headersTimeout: 60_000 }, (request, response) => {
    const url = new URL(request.url ?? "/", "http://debug");
    answer(url, response, metrics, stop.signal).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(`${messageOf(error)}\n`);
    });
  });
  if ("path" in place) await rm(place.path, { force: true });
  server.listen(place);
  await once(server, "listening").catch((cause: unknown) => {
    throw new CooperError("daemon/listen-failed", `cannot listen on ${address}: ${messageOf(cause)}`, { cause });
  });
  if ("path" in place) await chmod(place.path, 0o600);
  const bound = server.address();
  return {
    address: typeof bound === "object" && bound !== null ? `http://${hostOf(bound.address)}:${bound.port}` : address,
    async [Symbol.asyncDispose]() {
      stop.abort();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function placeOf(address: string): { readonly path: string } | { readonly host: string; readonly port: number } {
  const [, path] = /^unix:\/\/(\/.+)$/.exec(address) ?? [];
  if (path !== undefined) return { path };
  const [, host = "", port] = /^(?:tcp:\/\/)?\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  if (port !== undefined) return { host, port: Number(port) };
  const hint = { hint: "wanted host:port or unix:///path" };
  throw new CooperError("daemon/bad-address", `invalid debugging address ${address}`, hint);
}

function hostOf(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

async function answer(url: URL, response: ServerResponse, metrics: Metrics, signal: AbortSignal): Promise<void> {
  const text = (body: string, type = "text/plain; charset=utf-8") => {
    response.writeHead(200, { "content-type": type }).end(body);
  };
  switch (url.pathname) {
    case "/":
    case "/debug/":
    case "/debug/pprof/":
      return text(index);
    case "/metrics":
      return text(metrics.text(), "text/plain; version=0.0.4; charset=utf-8");
    case "/debug/requests":
      return text(callList(metrics));
    case "/debug/vars":
      return text(JSON.stringify({ cmdline: process.argv, memstats: process.memoryUsage() }), "application/json");
    case "/debug/pprof/cmdline":
      return text(process.argv.join("\0"));
    case "/debug/pprof/profile":
      return text(await cpuProfile(Number(url.searchParams.get("seconds") ?? 30), signal), "application/json");
    case "/debug/pprof/heap":
      response.writeHead(200, { "content-type": "application/json" });
      return void getHeapSnapshot().pipe(response);
    case "/debug/pprof/handles":
      return text(`${process.getActiveResourcesInfo().join("\n")}\n`);
    case "/debug/gc":
      globalThis.gc?.();
      return text("");
    default:
      response.writeHead(404).end("404 page not found\n");
  }
}

function callList(metrics: Metrics): string {
  const calls = metrics.runningCalls();
  return calls.map(({ path, since }) => `${((Date.now() - since) / 1000).toFixed(3)}s ${path}\n`).join("");
}

async function cpuProfile(seconds: number, signal: AbortSignal): Promise<string> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.start");
    await sleep(Math.min(Math.max(seconds || 0, 0.01), 600) * 1000, signal);
    return JSON.stringify((await session.post("Profiler.stop")).profile);
  } finally {
    session.disconnect();
  }
}
