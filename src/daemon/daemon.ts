import { join } from "node:path";
import type { EngineOptions, OpenEngine } from "../engine/index.ts";
import { GrpcServer, type Handler } from "../grpc/index.ts";
import { CooperError, errnoOf, type Scope, sleep, writeFileAtomic } from "../kit/index.ts";
import type { Platform } from "../oci/index.ts";
import { type Span, TraceExporter, type TraceSettings } from "../trace/index.ts";
import { Builds } from "./builds.ts";
import { contentHandlers } from "./content-service.ts";
import { controlHandlers } from "./control-service.ts";
import type { DaemonParts } from "./daemon-parts.ts";
import { errorStatus } from "./error-status.ts";
import { GarbageCollector } from "./garbage-collector.ts";
import { gatewayHandlers } from "./gateway-service.ts";
import { Health } from "./health-service.ts";
import { defaultLimits, History, type HistoryLimits } from "./history/history.ts";
import { HistoryFolder } from "./history/history-folder.ts";
import { historyHandlers } from "./history/history-service.ts";
import { type Listener, type ListenOptions, listen } from "./listen.ts";
import { Metrics } from "./metrics.ts";
import { Sessions } from "./sessions.ts";
import { serveTraces, spanReceiver, traceSocket } from "./trace-socket.ts";
import { Tracing } from "./tracing.ts";
import { usageHandlers } from "./usage-service.ts";
import { randomId, workerRecord } from "./worker-record.ts";

export interface DaemonOptions extends ListenOptions {
  readonly addresses: readonly string[];
  /** Its `traceSocket` is served here; by default one in the root, which may be missing where none can be made. */
  readonly engine: EngineOptions;
  readonly labels: Readonly<Record<string, string>>;
  /** How long finished builds are remembered. */
  readonly history?: HistoryLimits;
  /** What the worker says it can build for; the machine's own by default. */
  readonly platforms?: readonly Platform[];
  /** `host:port` of metrics and of what helps to look into the process. */
  readonly debugAddress?: string;
  /** Who this is in traces, and the collector that they go to. */
  readonly traces?: { readonly resource: Span["attributes"]; readonly settings: TraceSettings | undefined };
}

/** A daemon that serves. */
export interface Daemon {
  /** With the ports that were really taken. */
  readonly addresses: readonly string[];
  readonly debugAddress: string | undefined;
  /**
   * No new builds; those that run get `grace` milliseconds, less when `hurry` is aborted before, then they are cancelled.
   * Resolves when nothing of it is left.
   */
  shutDown(grace: number, hurry?: AbortSignal): Promise<void>;
}

const embedEngine: OpenEngine = async (options, scope) =>
  (await import("../engine/index.ts")).openEngine(options, scope);

/** Opens an engine and serves upstream's protocol on the addresses: when it resolves, they can be dialled. */
export async function startDaemon(options: DaemonOptions, scope: Scope, openEngine = embedEngine): Promise<Daemon> {
  const controller = new AbortController();
  const inner: Scope = { ...scope, signal: AbortSignal.any([scope.signal, controller.signal]) };
  await using opened = new AsyncDisposableStack();
  const health = new Health();
  const metrics = new Metrics();
  const parts = await openParts(options, openEngine, { health, metrics, scope: inner, opened });
  const rpc = new GrpcServer(allHandlers(parts, health), {
    statusOf: errorStatus,
    log: scope.log,
    observe: metrics.call,
  });
  const traces = await serveTraces(options.engine, parts.tracing, scope.log);
  if (traces !== undefined) opened.use(traces);
  const debug = options.debugAddress === undefined ? undefined : await openDebug(options.debugAddress, metrics, opened);
  // After the connections' end, before the engine's: what a call has begun may need the root until then.
  opened.defer(() => rpc.idle());
  const listeners: Listener[] = [];
  for (const address of options.addresses) listeners.push(opened.use(await listen(address, rpc, options)));
  const running = opened.move();
  parts.garbage.buildEnded();
  return {
    addresses: listeners.map((listener) => listener.address),
    debugAddress: debug,
    async shutDown(grace, hurry) {
      health.drain();
      for (const listener of listeners) listener.stop();
      const until = Date.now() + grace;
      while (parts.builds.running > 0 && Date.now() < until && hurry?.aborted !== true) await sleep(20);
      controller.abort(new CooperError("daemon/stopped", "context canceled"));
      while (parts.builds.running > 0) await sleep(20);
      await parts.history.close();
      await parts.tracing.close();
      await running.disposeAsync();
    },
  };
}

function allHandlers(parts: DaemonParts, health: Health): readonly Handler[] {
  const { engine, history } = parts;
  return [
    ...controlHandlers(parts),
    ...usageHandlers(parts),
    ...historyHandlers(history),
    ...contentHandlers(engine.housekeeping, history),
    ...health.handlers(),
    spanReceiver((request) => parts.tracing.receive(request)),
    ...gatewayHandlers(parts.builds, parts.worker, parts.scope),
  ];
}

interface Around {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly scope: Scope;
  readonly opened: AsyncDisposableStack;
}

async function openParts(options: DaemonOptions, openEngine: OpenEngine, around: Around): Promise<DaemonParts> {
  const { health, metrics, scope, opened } = around;
  const { gcPolicies = [], ...engineOptions } = options.engine;
  // Builds are cancelled by `scope`; the engine itself lives until they have ended.
  const traced = { ...engineOptions, traceSocket: traceSocket(options.engine) };
  const engine = opened.use(await openEngine(traced, { ...scope, signal: new AbortController().signal }));
  const { housekeeping } = engine;
  const folder = new HistoryFolder(join(options.engine.root, "history"));
  const garbage = new GarbageCollector(housekeeping, gcPolicies, scope);
  opened.defer(() => garbage.close());
  const id = await workerId(options.engine.root);
  const { network = "host" } = engine;
  const { labels, platforms } = options;
  return {
    engine,
    scope,
    builds: new Builds(() => housekeeping?.rest()),
    sessions: new Sessions(),
    history: new History(folder, options.history ?? defaultLimits, (record) => metrics.buildEnded(record)),
    garbage,
    tracing: openTracing(options.traces, scope),
    lendFolder: async (purpose, name) => {
      if (housekeeping === undefined) throw new CooperError("daemon/no-storage", "cannot keep folders");
      return housekeeping.lendFolder("filesync", purpose, `local source for ${name}`);
    },
    worker: workerRecord({ id, snapshotter: engine.snapshotter ?? "", network, labels, gcPolicies, platforms }),
    draining: () => health.draining,
  };
}

function openTracing(traces: DaemonOptions["traces"], scope: Scope): Tracing {
  const resource = traces?.resource ?? {};
  return new Tracing(traces?.settings && new TraceExporter(traces.settings, resource, scope.log), resource);
}

async function openDebug(address: string, metrics: Metrics, opened: AsyncDisposableStack): Promise<string> {
  const { serveDebug } = await import("./debug-server.ts");
  return opened.use(await serveDebug(address, metrics)).address;
}

/** The worker keeps its name for as long as the root lives. */
async function workerId(root: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  const path = join(root, "workerid");
  const known = await readFile(path, "utf8").catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  });
  if (/^[a-z0-9]{25}$/.test(known)) return known;
  const id = randomId();
  await writeFileAtomic(path, id);
  return id;
}
