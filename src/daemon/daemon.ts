import { join } from "node:path";
import type { EngineOptions, OpenEngine } from "../engine/index.ts";
import { GrpcServer } from "../grpc/index.ts";
import { CooperError, errnoOf, type Scope, sleep, writeFileAtomic } from "../kit/index.ts";
import { TransferFolders } from "../tunnel/index.ts";
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
import { Sessions } from "./sessions.ts";
import { usageHandlers } from "./usage-service.ts";
import { randomId, workerRecord } from "./worker-record.ts";

export interface DaemonOptions extends ListenOptions {
  readonly addresses: readonly string[];
  readonly engine: EngineOptions;
  readonly labels: Readonly<Record<string, string>>;
  /** How long finished builds are remembered. */
  readonly history?: HistoryLimits;
}

/** A daemon that serves. */
export interface Daemon {
  /** With the ports that were really taken. */
  readonly addresses: readonly string[];
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
  const { gcPolicies = [], ...engineOptions } = options.engine;
  const engine = opened.use(await openEngine(engineOptions, scope));
  const { housekeeping } = engine;
  const health = new Health();
  const history = new History(
    new HistoryFolder(join(options.engine.root, "history")),
    options.history ?? defaultLimits,
  );
  const garbage = new GarbageCollector(housekeeping, gcPolicies, inner);
  opened.defer(() => garbage.close());
  const parts: DaemonParts = {
    engine,
    scope: inner,
    builds: new Builds(() => housekeeping?.rest()),
    sessions: new Sessions(),
    history,
    garbage,
    folders: new TransferFolders({
      folder: async (key) => {
        if (housekeeping === undefined) throw new CooperError("daemon/no-storage", "cannot keep folders");
        return housekeeping.keptFolder("filesync", key);
      },
    }),
    worker: workerRecord({
      id: await workerId(options.engine.root),
      snapshotter: engine.snapshotter ?? "",
      network: options.engine.networkMode === "auto" ? "host" : options.engine.networkMode,
      labels: options.labels,
      gcPolicies,
    }),
    draining: () => health.draining,
  };
  const handlers = [
    ...controlHandlers(parts),
    ...usageHandlers(parts),
    ...historyHandlers(history),
    ...contentHandlers([...(housekeeping ? [housekeeping] : []), history]),
    ...health.handlers(),
    ...gatewayHandlers(parts.builds, parts.worker, inner),
  ];
  const rpc = new GrpcServer(handlers, { statusOf: errorStatus, log: scope.log });
  const listeners: Listener[] = [];
  for (const address of options.addresses) listeners.push(opened.use(await listen(address, rpc, options)));
  const running = opened.move();
  garbage.buildEnded();
  return {
    addresses: listeners.map((listener) => listener.address),
    async shutDown(grace, hurry) {
      health.drain();
      for (const listener of listeners) listener.stop();
      const until = Date.now() + grace;
      while (parts.builds.running > 0 && Date.now() < until && hurry?.aborted !== true) await sleep(20);
      controller.abort(new CooperError("daemon/stopped", "context canceled"));
      while (parts.builds.running > 0) await sleep(20);
      await history.close();
      await running.disposeAsync();
    },
  };
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
