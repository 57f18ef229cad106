import { join } from "node:path";
import type { EngineOptions, OpenEngine } from "../engine/index.ts";
import { GrpcServer } from "../grpc/index.ts";
import { CooperError, errnoOf, type Scope, sleep, writeFileAtomic } from "../kit/index.ts";
import { TransferFolders } from "../tunnel/index.ts";
import { Builds } from "./builds.ts";
import { controlHandlers, type DaemonParts } from "./control-service.ts";
import { errorStatus } from "./error-status.ts";
import { gatewayHandlers } from "./gateway-service.ts";
import { type Listener, type ListenOptions, listen } from "./listen.ts";
import { Sessions } from "./sessions.ts";
import { randomId, workerRecord } from "./worker-record.ts";

export interface DaemonOptions extends ListenOptions {
  readonly addresses: readonly string[];
  readonly engine: EngineOptions;
  readonly labels: Readonly<Record<string, string>>;
}

/** A daemon that serves. */
export interface Daemon {
  /** With the ports that were really taken. */
  readonly addresses: readonly string[];
  /** No new builds; those that run get `grace` milliseconds, then they are cancelled. Resolves when nothing of it is left. */
  shutDown(grace: number): Promise<void>;
}

const embedEngine: OpenEngine = async (options, scope) =>
  (await import("../engine/index.ts")).openEngine(options, scope);

/** Opens an engine and serves upstream's protocol on the addresses: when it resolves, they can be dialled. */
export async function startDaemon(options: DaemonOptions, scope: Scope, openEngine = embedEngine): Promise<Daemon> {
  const controller = new AbortController();
  const inner: Scope = { ...scope, signal: AbortSignal.any([scope.signal, controller.signal]) };
  await using opened = new AsyncDisposableStack();
  const engine = opened.use(await openEngine(options.engine, scope));
  let draining = false;
  const { housekeeping } = engine;
  const parts: DaemonParts = {
    engine,
    scope: inner,
    builds: new Builds(() => housekeeping?.rest()),
    sessions: new Sessions(),
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
    }),
    draining: () => draining,
  };
  const handlers = [...controlHandlers(parts), ...gatewayHandlers(parts.builds, parts.worker, inner)];
  const rpc = new GrpcServer(handlers, { statusOf: errorStatus, log: scope.log });
  const listeners: Listener[] = [];
  for (const address of options.addresses) listeners.push(opened.use(await listen(address, rpc, options)));
  const running = opened.move();
  return {
    addresses: listeners.map((listener) => listener.address),
    async shutDown(grace) {
      draining = true;
      for (const listener of listeners) listener.stop();
      const until = Date.now() + grace;
      while (parts.builds.running > 0 && Date.now() < until) await sleep(20);
      controller.abort(new CooperError("daemon/stopped", "context canceled"));
      while (parts.builds.running > 0) await sleep(20);
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
