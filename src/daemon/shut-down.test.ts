/** What a daemon waits for before it says that it has stopped. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Engine, Housekeeping } from "../engine/index.ts";
import { clientSession, control, GrpcClient, type Http2Connection, health } from "../grpc/index.ts";
import { quietScope, sleep } from "../kit/index.ts";
import { startDaemon } from "./daemon.ts";
import { Health } from "./health-service.ts";

let folder = "";
const opened: (Http2Connection | Socket)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cooper-shut-"));
});
afterEach(() => {
  for (const one of opened.splice(0)) one.destroy();
  rmSync(folder, { recursive: true, force: true });
});

/** A daemon on an engine that builds nothing, and its client. `told`: what the engine went through. */
async function start(prune: Housekeeping["prune"] = async () => []) {
  const told: string[] = [];
  const housekeeping: Housekeeping = {
    usage: async () => [],
    rest: () => {},
    lendFolder: () => Promise.reject(new Error("there are none")),
    blob: async () => undefined,
    prune: async (request, scope) => {
      told.push("prune begins");
      try {
        return await prune(request, scope);
      } finally {
        told.push("prune has ended");
      }
    },
  };
  const engine: Engine = {
    housekeeping,
    build: () => Promise.reject(new Error("it builds nothing")),
    [Symbol.asyncDispose]: async () => void told.push("engine has ended"),
  };
  const options = {
    root: folder,
    debug: false,
    snapshotter: "auto",
    ociWorkerBinary: "",
    registries: {},
    insecureEntitlements: [],
    networkMode: "host",
    maxParallelism: 0,
  };
  const address = join(folder, "sock");
  const daemon = await startDaemon(
    { addresses: [`unix://${address}`], engine: options, labels: {} },
    quietScope,
    async () => engine,
  );
  const session = clientSession(connect(address));
  opened.push(session);
  return { daemon, client: new GrpcClient(session), told };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

test("a call that is cleaning up is waited for before the engine ends", async () => {
  const { daemon, client, told } = await start(async (_, { signal }) => {
    await sleep(3_600_000, signal).catch(() => {});
    for (let turn = 0; turn < 20; turn++) await sleep(5);
    return [];
  });
  const pruned = client.unary(control.ControlService.Prune, {}, quietScope);
  pruned.catch(() => {});
  await until(() => told.length > 0);
  await daemon.shutDown(0);
  expect(told).toEqual(["prune begins", "prune has ended", "engine has ended"]);
  await expect(pruned).rejects.toThrow();
});

test("a build that waits for a session that never comes does not keep the daemon", async () => {
  const { daemon, client } = await start();
  const history = client.call(control.ControlService.ListenBuildHistory, quietScope);
  await history.messages.send({});
  await history.header;
  const solved = client.unary(control.ControlService.Solve, { ref: "r", session: "nobody" }, quietScope);
  solved.catch(() => {});
  await history.messages.read();
  await daemon.shutDown(0);
  await expect(solved).rejects.toThrow("context canceled");
});

test("calls that watch a daemon's health leave nothing when they go", async () => {
  const service = new Health();
  const watch = service.handlers().find(({ method }) => method.path === health.HealthService.Watch.path);
  for (let count = 0; count < 100; count++) {
    const controller = new AbortController();
    const sent: unknown[] = [];
    const messages = { read: async () => [{ service: "" }], send: (message: unknown) => void sent.push(message) };
    const call = { messages, signal: controller.signal } as unknown as Parameters<NonNullable<typeof watch>["run"]>[0];
    const watching = watch?.run(call);
    await until(() => service.change.waiting > 0);
    controller.abort(new Error("gone"));
    await expect(watching).rejects.toThrow("gone");
    expect(sent).toHaveLength(1);
  }
  expect(service.change.waiting).toBe(0);
});
